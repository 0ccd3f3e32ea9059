#!lua
--[[
Return an ended job to the queue for a new round: attempts, crashes and progress begin anew, the result is forgotten. Of
its parts those that have their caption stay as they are; where none has, or one is lost, all are forgotten.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] nonce, new for each request, so that a repeated request knows its own round
         [4] the job as JSON  [5] start_by  [6] finish_by, each '' when not set
Returns  'queued', 'unknown', 'succeeded', 'dropped' or 'unfinished'
]]
local _, id, nonce, body, start_by, finish_by = unpack(ARGV)
local whole = read_job(id)

local function begin_anew(job, deadlines)
  redis.call('HDEL', job.key, 'result', 'caption', 'captions', 'failure', 'started_at', 'first_started_at',
    'start_by', 'finish_by', 'probe', 'settlement', 'stripped', 'forget_at')
  redis.call('HSET', job.key, 'attempts', 0, 'crashes', 0)
  redis.call('HINCRBY', job.key, 'round', 1)
  for name, value in pairs(deadlines) do
    if value ~= '' then redis.call('HSET', job.key, name, value) end
    job[name] = value
  end
  job.first_started_at = nil
  -- A message of the round before may still be on its way.
  redis.call('HINCRBY', job.key, 'messages', 1)
end

local function has_caption(part) return redis.call('HEXISTS', key('job', part), 'caption') == 1 end

local function has_captions(of)
  for _, part in ipairs(parts_of(of)) do
    if has_caption(part) or has_captions(part) then return true end
  end
  return false
end

local function has_lost_parts(of)
  for _, part in ipairs(parts_of(of)) do
    if redis.call('EXISTS', key('job', part)) == 0 then return true end
  end
  return false
end

local reopen_parts

local function reopen(part, of)
  local job = read_job(part)
  begin_anew(job, {finish_by = finish_by})
  redis.call('SADD', key('open', of), part)
  reopen_parts(part)
  if has_open_parts(part) then return await_parts(job) end
  move(job, 'queued')
  look('job:' .. part, NOW)
end

local function begin_from_nothing(one)
  redis.call('HDEL', key('job', one), 'progress')
  forget_parts(one)
end

-- A job that keeps its parts keeps its progress, which tells how it was cut.
function reopen_parts(of)
  if has_lost_parts(of) or not has_captions(of) then return begin_from_nothing(of) end
  for _, part in ipairs(parts_of(of)) do
    if not has_caption(part) then reopen(part, of) end
  end
end

if not whole then return 'unknown' end
if redis.call('HGET', whole.key, 'nonce') == nonce then return 'queued' end
if not FINAL[whole.state] then return 'unfinished' end
if whole.state == 'succeeded' then return 'succeeded' end
if redis.call('HEXISTS', whole.key, 'dropped') == 1 then return 'dropped' end
begin_anew(whole, {start_by = start_by, finish_by = finish_by})
redis.call('HSET', whole.key, 'job', body, 'nonce', nonce)
reopen_parts(id)
redis.call('ZREM', key('dead'), id)
move(whole, 'queued')
make_ready(whole)
look('job:' .. id, deadline(whole))
return 'queued'
