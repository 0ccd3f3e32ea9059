#!lua flags=allow-oom
--[[
Queue one parked job as a probe: its next claim is not refused for this scope.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] scope
Returns  its queue, or '' if it is no longer parked there
]]
local _, id, scope = unpack(ARGV)
local job = read_job(id)
if not job or job.state ~= 'waiting' or job.parked ~= scope then return '' end
move(job, 'queued')
redis.call('HSET', job.key, 'probe', scope)
redis.call('HINCRBY', job.key, 'messages', 1)
look('job:' .. id, NOW)
return job.queue
