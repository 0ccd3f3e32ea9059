#!lua flags=allow-oom
--[[
Let a job that nobody has started wait until the moment that its message names; a sweep queues it then.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] until when
Returns  1, or 0 if there is no such job, or it has been started
]]
local _, id, moment = unpack(ARGV)
local job = read_job(id)
if not job or job.state ~= 'queued' or job.first_started_at then return 0 end

local due_at = no_later_than_deadline(job, tonumber(moment))
move(job, 'waiting')
redis.call('HSET', job.key, 'reason', 'scheduled', 'due_at', text(due_at))
look('job:' .. id, due_at)
return 1
