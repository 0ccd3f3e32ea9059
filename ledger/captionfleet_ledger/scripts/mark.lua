#!lua flags=allow-oom
--[[
Note whether the messages of queued jobs have been sent. Jobs in another state are left alone. A message that has gone
to another job meanwhile (see `take`) says nothing about this one, but its not having been sent is the other one's.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] 'sent' or 'unsent'  [3…] job ids
Returns  how many were queued
]]
local MARK = {
  sent = function(job)
    if not job.message then
      redis.call('ZADD', key('queued', job.queue), text(NOW), job.id)
      make_ready(job)
    end
    look('job:' .. job.id, deadline(job))
  end,
  unsent = function(job) look('job:' .. job.id, NOW) end,
}

-- The job that waits for the latest message of this one.
local function heir_of(job)
  local heir = job and job.wakes and read_job(job.wakes:match('%S+$'))
  return heir and heir.message == job.id and heir or nil
end

local count = 0
for index = 3, #ARGV do
  local job = read_job(ARGV[index])
  if ARGV[2] == 'unsent' then job = heir_of(job) or job end
  if job and job.state == 'queued' then
    MARK[ARGV[2]](job)
    count = count + 1
  end
end
return count
