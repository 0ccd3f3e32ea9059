#!lua flags=allow-oom
--[[
Prolong leases of one shard. A lease that ran out, and whose job nobody has claimed since, is revived.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] lease in seconds  [3…] job id and token of each lease, in turn
Returns  the tokens of the leases that are lost: cancelled, superseded, ended
]]
local until_ = text(NOW + ARGV[2])

local function renew(job)
  if job.state ~= 'running' then
    move(job, 'running')
    redis.call('HINCRBY', job.key, 'crashes', -1)
  end
  redis.call('HSET', job.key, 'lease_until', until_)
  hold_slot(job, NOW + ARGV[2])
  look('job:' .. job.id, until_)
end

local lost = {}
for index = 3, #ARGV, 2 do
  local job, token = read_job(ARGV[index]), ARGV[index + 1]
  if holds(job, token) then
    renew(job)
  else
    lost[#lost + 1] = token
  end
end
return lost
