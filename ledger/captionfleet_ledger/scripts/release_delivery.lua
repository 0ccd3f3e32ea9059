#!lua flags=allow-oom
--[[
Give a delivery back that could not be attempted, as if it had not been claimed. Ends the holder's lease.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] delivery id  [3] token  [4] seconds until it is due again
Returns  1, or 0 if the holder has lost the delivery
]]
local _, id, token, due_in = unpack(ARGV)
local hash = key('delivery', id)
if redis.call('HGET', hash, 'token') ~= token then return 0 end

redis.call('HINCRBY', hash, 'attempts', -1)
redis.call('HDEL', hash, 'token', 'lease_until')
redis.call('HSET', hash, 'due_at', text(NOW + due_in))
look('delivery:' .. id, NOW + due_in)
return 1
