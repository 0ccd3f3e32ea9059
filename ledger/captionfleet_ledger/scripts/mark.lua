#!lua flags=allow-oom
--[[
Note whether the messages of queued jobs have been sent. Jobs in another state are left alone.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] 'sent' or 'unsent'  [3…] job ids
Returns  how many were queued
]]
local MARK = {
  sent = function(job)
    redis.call('ZADD', key('queued', job.queue), text(NOW), job.id)
    look('job:' .. job.id, deadline(job))
  end,
  unsent = function(job) look('job:' .. job.id, NOW) end,
}

local count = 0
for index = 3, #ARGV do
  local job = read_job(ARGV[index])
  if job and job.state == 'queued' then
    MARK[ARGV[2]](job)
    count = count + 1
  end
end
return count
