#!lua flags=allow-oom
--[[
Hand a job back that stands in line for its model: it is queued, the attempt does not count, and no message is sent until
it is called. Its queue's entry lies ahead, so that it is taken for lost only when it was not called for that long.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] token  [4] progress
Returns  1, or 0 if the lease is lost
]]
local _, id, token, progress = unpack(ARGV)
local CALLED_WITHIN = 3600
local job = read_job(id)
if not holds(job, token) then return 0 end

move(job, 'queued')
redis.call('ZADD', key('queued', job.queue), text(NOW + CALLED_WITHIN), id)
redis.call('HDEL', job.key, 'token', 'holder', 'lease_until')
redis.call('HSET', job.key, 'given_back', token, 'progress', progress, 'called', 1)
redis.call('HINCRBY', job.key, 'messages', 1)
if redis.call('HINCRBY', job.key, 'attempts', -1) == 0 then
  redis.call('HDEL', job.key, 'started_at', 'first_started_at')
  job.first_started_at = nil
end
look('job:' .. id, no_later_than_deadline(job, NOW + CALLED_WITHIN))
return 1
