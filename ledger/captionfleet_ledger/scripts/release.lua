#!lua flags=allow-oom
--[[
Hand a job back untouched: it is queued again, the attempt does not count, and a message has to be sent.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] token  [4] '1' if progress is given  [5] progress
Returns  1, or 0 if the lease is lost
]]
local _, id, token, has_progress, progress = unpack(ARGV)
local job = read_job(id)
if not holds(job, token) then return 0 end

move(job, 'queued')
redis.call('HDEL', job.key, 'token', 'holder', 'lease_until')
redis.call('HSET', job.key, 'given_back', token)
redis.call('HINCRBY', job.key, 'attempts', -1)
redis.call('HINCRBY', job.key, 'messages', 1)
if has_progress == '1' then redis.call('HSET', job.key, 'progress', progress) end
look('job:' .. id, NOW)
return 1
