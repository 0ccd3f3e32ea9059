#!lua
--[[
Return an ended job to the queue for a new round: attempts, crashes and progress begin anew, the result is forgotten.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] nonce, new for each request, so that a repeated request knows its own round
         [4] the job as JSON  [5] start_by  [6] finish_by, each '' when not set
Returns  'queued', 'unknown', 'succeeded' or 'unfinished'
]]
local _, id, nonce, body, start_by, finish_by = unpack(ARGV)
local job = read_job(id)

local function begin_anew()
  redis.call('HDEL', job.key, 'result', 'caption', 'failure', 'progress', 'started_at', 'first_started_at', 'start_by',
    'finish_by', 'probe', 'settlement')
  redis.call('HSET', job.key, 'job', body, 'nonce', nonce, 'attempts', 0, 'crashes', 0)
  redis.call('HINCRBY', job.key, 'round', 1)
  for name, value in pairs({start_by = start_by, finish_by = finish_by}) do
    if value ~= '' then redis.call('HSET', job.key, name, value) end
    job[name] = value
  end
  job.first_started_at = nil
  -- A message of the round before may still be on its way.
  redis.call('HINCRBY', job.key, 'messages', 1)
end

if not job then return 'unknown' end
if redis.call('HGET', job.key, 'nonce') == nonce then return 'queued' end
if not FINAL[job.state] then return 'unfinished' end
if job.state == 'succeeded' then return 'succeeded' end
begin_anew()
redis.call('ZREM', key('dead'), id)
move(job, 'queued')
look('job:' .. id, deadline(job))
return 'queued'
