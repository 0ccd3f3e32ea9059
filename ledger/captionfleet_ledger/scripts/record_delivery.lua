#!lua flags=allow-oom
--[[
Put an attempt to deliver on record and say how it goes on. Ends the holder's lease.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] delivery id  [3] token  [4] the attempt as JSON  [5] state
         [6] seconds until the next attempt, while pending
Returns  1, or 0 if the holder has lost the delivery
]]
local _, id, token, attempt, state, next_in = unpack(ARGV)
local hash = key('delivery', id)
local delivery = fields(hash, {'token', 'job_id'})
if delivery.token ~= token then return 0 end

redis.call('RPUSH', key('attempts', id), attempt)
-- That of a rejected message ends by itself; a job's is forgotten with the job.
local left = redis.call('TTL', hash)
if left > 0 then redis.call('EXPIRE', key('attempts', id), left) end
redis.call('HSET', hash, 'state', state)
redis.call('HDEL', hash, 'token', 'lease_until', 'due_at')
if state == 'pending' then
  redis.call('HSET', hash, 'due_at', text(NOW + next_in))
  look('delivery:' .. id, NOW + next_in)
else
  if redis.call('HGET', key('job', delivery.job_id), 'store_days') == '0' then redis.call('HDEL', hash, 'body') end
  look('delivery:' .. id, nil)
end
return 1
