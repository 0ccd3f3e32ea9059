#!lua flags=allow-oom
--[[
Write back a running job of which the ledger has lost something, as in a failover to a replica that had not received it:
the job itself, or its claim. What the ledger knows of later things stays.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] token  [4] holder  [5] lease in seconds  [6] attempts  [7] crashes  [8] started_at
         [9] round  [10] progress  [11] accepted_at  [12…] nonce and the rest of the accept script's arguments, in turn
Returns  1, or 0 if the job has gone on since and is not the holder's
]]
local _, id, token, holder, lease, attempts, crashes, started_at, round, progress, accepted_at, _, fingerprint = unpack(ARGV)
local job = read_job(id)

-- Each claim counts the attempts up, and each retry the rounds. Who gave the job back does not take it again.
local function is_older()
  local known = fields(job.key, {'attempts', 'round', 'fingerprint', 'given_back'})
  return not FINAL[job.state] and known.fingerprint == fingerprint and known.given_back ~= token
    and (known.round or '') == round and tonumber(known.attempts) < tonumber(attempts)
end

if job and not holds(job, token) and not is_older() then return 0 end
job = job or write_job(id, accepted_at, unpack(ARGV, 12))
move(job, 'running')
redis.call('HDEL', job.key, 'due_at', 'reason', 'probe')
redis.call('HSET', job.key, 'token', token, 'holder', holder, 'attempts', attempts, 'crashes', crashes,
  'started_at', started_at, 'first_started_at', job.first_started_at or started_at, 'round', round,
  'progress', progress, 'lease_until', text(NOW + lease))
hold_slot(job, NOW + lease)
-- A message of it may still be on its way: its claim would say nothing about its place in the queue.
redis.call('HINCRBY', job.key, 'messages', 1)
look('job:' .. id, NOW + lease)
return 1
