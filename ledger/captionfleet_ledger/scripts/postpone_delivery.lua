#!lua flags=allow-oom
-- with outgoing
--[[
Give a delivery back that was claimed and not attempted: it stands in line again, and the attempt is not counted.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] delivery id  [3] token
Returns  1, or 0 if the holder has lost the delivery
]]
local _, id, token = unpack(ARGV)
local hash = key('delivery', id)
if redis.call('HGET', hash, 'token') ~= token then return 0 end

redis.call('HINCRBY', hash, 'attempts', -1)
redis.call('HDEL', hash, 'token', 'lease_until')
line_up_delivery(id, endpoint_in(id))
return 1
