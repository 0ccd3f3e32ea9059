#!lua flags=allow-oom
--[[
Let a job wait that its holder cannot read: a process of a newer release can. It waits for half of its age, so that
whoever can read it finds it soon, and the others are not busy with it. The attempt does not count. Ends the lease.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] token
Returns  1, or 0 if the lease is lost
]]
local _, id, token = unpack(ARGV)
local SHORTEST, LONGEST = 5, 300
local job = read_job(id)
if not holds(job, token) then return 0 end

if redis.call('HINCRBY', job.key, 'attempts', -1) == 0 then
  redis.call('HDEL', job.key, 'started_at', 'first_started_at')
  job.first_started_at = nil
end
local half = (NOW - tonumber(job.accepted_at)) / 2
local due_at = no_later_than_deadline(job, NOW + math.min(math.max(half, SHORTEST), LONGEST))
move(job, 'waiting')
redis.call('HDEL', job.key, 'token', 'holder', 'lease_until')
redis.call('HSET', job.key, 'reason', 'retrying', 'due_at', text(due_at), 'given_back', token)
look('job:' .. id, due_at)
return 1
