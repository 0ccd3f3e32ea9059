#!lua flags=allow-oom
--[[
End a job: store the outcome, write the events to publish and the webhook delivery to make, end the lease. Its parts
end with it, and a job whose last part this was is queued.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id
         [3] by what right: 'lease' (with the token in [4]), 'cancel' (anything that has not ended),
             'expire' (not running, and its deadline has passed)
         [4] token or ''  [5] state  [6] result as JSON without its captions  [7] caption or ''
         [8] captions of its segments as JSON or ''  [9] failure code or ''
         [10] retention in seconds if the job has none of its own  [11] grace for sending, publishing and delivering
         [12] delivery id or ''  [13] webhook address
         [14] digest of right and outcome, so that a repeated request knows its own settlement
         [15] the job as JSON without what is dropped at its end, '' when that is nothing
         [16…] event id, routing key and body of each event, in turn,
         the caption's own first
Returns  {'settled', id and queue of a job whose message the caller sends, if there is one}, or
         {'unknown' | 'final' | 'refused'}
]]
local _, id, right, token, state, result, caption, captions, failure, retention, grace, delivery, url, digest,
  stripped = unpack(ARGV, 1, 15)
local FIRST_EVENT = 16
-- How long a job that may be tried again keeps the audio and the headers that came with it.
local RETRIED_WITHIN = 86400
-- For whoever listens to hear the end.
local PIECES_SECONDS = 60
-- The failure that puts a job into the dead set, where it waits for a person.
local DEAD = 'poisoned'
local job = read_job(id)

local MAY = {
  lease = function() return holds(job, token) end,
  cancel = function() return true end,
  expire = function() return job.state ~= 'running' and overdue(job) end,
}

local function finish(one, as)
  move(one, as)
  redis.call('HDEL', one.key, 'token', 'holder', 'lease_until', 'due_at', 'reason')
end

-- Whoever works on one of them loses its lease.
local function end_parts(of)
  for _, part in ipairs(redis.call('SMEMBERS', key('open', of))) do
    end_parts(part)
    finish(read_job(part), 'cancelled')
    look('job:' .. part, nil)
  end
  redis.call('DEL', key('open', of))
end

local function drop_captions_of_parts(of)
  for _, part in ipairs(parts_of(of)) do
    drop_captions_of_parts(part)
    redis.call('HDEL', key('job', part), 'caption', 'captions')
  end
end

-- The caption of a part is kept until its whole job has made its own of it.
local function keeps_captions() return job.parent or job.store_days ~= '0' end

local function store_captions()
  if not keeps_captions() then return drop_captions_of_parts(id) end
  for name, value in pairs({caption = caption, captions = captions}) do
    if value ~= '' then redis.call('HSET', job.key, name, value) end
  end
end

-- When somebody has to look at the job again: to forget it, or before that to drop what came with it.
local function drop_or_keep(forget_at)
  if stripped == '' then return forget_at end
  if state == 'succeeded' then
    redis.call('HSET', job.key, 'job', stripped, 'dropped', text(NOW))
    return forget_at
  end
  redis.call('HSET', job.key, 'stripped', stripped, 'forget_at', text(forget_at))
  return math.min(forget_at, NOW + RETRIED_WITHIN)
end

local function retain()
  local days = tonumber(job.store_days) or 0
  look('job:' .. id, drop_or_keep(NOW + (days > 0 and days * 86400 or retention)))
  redis.call('EXPIRE', key('pieces', id), PIECES_SECONDS)
  if failure == DEAD and not job.quote then redis.call('ZADD', key('dead'), job.accepted_at, id) end
end

local function store_outcome()
  finish(job, state)
  redis.call('HSET', job.key, 'result', result, 'failure', failure, 'settlement', digest)
  store_captions()
  -- A part is forgotten with its whole job.
  if job.parent then look('job:' .. id, nil) else retain() end
end

-- The job to wake, if this was the last of its parts.
local function close_part()
  redis.call('SREM', key('open', job.parent), id)
  local parent = read_job(job.parent)
  if has_open_parts(job.parent) or parent.state ~= 'waiting' or parent.reason ~= 'parts' then return {'settled'} end
  queue_again(parent, grace)
  return {'settled', parent.id, parent.queue}
end

local function write_outbox()
  for index = FIRST_EVENT, #ARGV, 3 do
    write_event(ARGV[index], ARGV[index + 1], ARGV[index + 2], id, grace)
  end
end

local function write_delivery()
  redis.call('HSET', key('delivery', delivery), 'job_id', id, 'event_id', ARGV[FIRST_EVENT], 'url', url,
    'body', ARGV[FIRST_EVENT + 2], 'state', 'pending', 'due_at', text(NOW), 'since', text(NOW), 'attempts', 0)
  redis.call('RPUSH', key('deliveries', id), delivery)
  -- The worker that settles a job sees to its delivery; who cancels one leaves that to the next sweep.
  look('delivery:' .. delivery, NOW + (right == 'cancel' and 0 or grace))
end

if not job then return {'unknown'} end
if right == 'lease' and job.settlement == digest then
  -- Written once more: `WAIT` waits for what its own connection has written.
  redis.call('HSET', job.key, 'settlement', digest)
  return {'settled'}
end
if FINAL[job.state] then return {'final'} end
if not MAY[right]() then return {'refused'} end
end_parts(id)
store_outcome()
write_outbox()
if delivery ~= '' then write_delivery() end
return job.parent and close_part() or {'settled'}
