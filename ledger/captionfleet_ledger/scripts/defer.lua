#!lua flags=allow-oom
--[[
Let a job wait for its due time, or for its deadline if that comes first. Ends the lease.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] token  [4] reason  [5] delay in seconds  [6] progress
         [7] '1' if the attempt counts
Returns  1, or 0 if the lease is lost
]]
local _, id, token, reason, delay, progress, counts = unpack(ARGV)
local job = read_job(id)
if not holds(job, token) then return 0 end

local due_at = no_later_than_deadline(job, NOW + delay)
move(job, 'waiting')
redis.call('HDEL', job.key, 'token', 'holder', 'lease_until')
redis.call('HSET', job.key, 'reason', reason, 'due_at', text(due_at), 'progress', progress)
if counts == '0' then
  redis.call('HSET', job.key, 'given_back', token)
  redis.call('HINCRBY', job.key, 'attempts', -1)
end
look('job:' .. id, due_at)
return 1
