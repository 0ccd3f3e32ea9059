--[[
What all scripts share; the loader puts it in front of each, behind the script's first line. That line says what the
script may do when the server is full: nothing (it brings new work), go on (`allow-oom`: what is in hand is brought to
its end, which makes room), or that it only reads (`no-writes`). It also makes a cluster refuse keys of another shard.

KEYS  [1] the shard's prefix, such as cf:{07}: — every other key begins with it, so a script touches one shard.
ARGV  [1] the time in seconds since 1970, or '' for the server's clock.
]]
local SHARD = KEYS[1]

local function server_time()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local NOW = tonumber(ARGV[1]) or server_time()

-- Lua prints 14 digits of a number, which would cut a time off at a tenth of a millisecond.
local function text(seconds) return string.format('%.6f', seconds) end

local function key(...) return SHARD .. table.concat({...}, ':') end

-- Somebody must look at this member again then; nil: nobody needs to.
local function look(member, at)
  if at then
    redis.call('ZADD', key('due'), text(at), member)
  else
    redis.call('ZREM', key('due'), member)
  end
end

-- The named fields of a hash as a table; a field that is not set is nil.
local function fields(hash, names)
  local values = redis.call('HMGET', hash, unpack(names))
  local found = {}
  for index, name in ipairs(names) do
    found[name] = values[index] or nil
  end
  return found
end

local JOB_FIELDS = {
  'state', 'token', 'queue', 'accepted_at', 'lease_until', 'due_at', 'start_by', 'finish_by', 'first_started_at',
  'messages', 'store_days', 'tenant', 'model', 'parked', 'probe', 'settlement', 'spared', 'quote', 'reason', 'parent',
  'whole', 'message', 'wakes', 'took', 'early', 'called',
}
local FINAL = {succeeded = true, failed = true, cancelled = true, expired = true}

-- A job's facts, or nil if the shard does not hold it.
local function read_job(id)
  local job = fields(key('job', id), JOB_FIELDS)
  job.id, job.key = id, key('job', id)
  return job.state and job or nil
end

local function deadline(job)
  local finish_by = tonumber(job.finish_by)
  local start_by = not job.first_started_at and tonumber(job.start_by) or nil
  if finish_by and start_by then return math.min(finish_by, start_by) end
  return finish_by or start_by
end

local function overdue(job)
  local moment = deadline(job)
  return moment ~= nil and moment <= NOW
end

local function no_later_than_deadline(job, moment)
  return math.min(moment, deadline(job) or moment)
end

local function unpark(job)
  redis.call('ZREM', key('parked', job.parked), job.id)
  redis.call('HDEL', job.key, 'parked', 'due_at', 'reason')
  job.parked = nil
end

-- Lists and counts show whole jobs alone: a part, or a quote, stands in no index of theirs.
local function index_state(job, state)
  if job.parent then return end
  if job.state then redis.call('ZREM', key('state', job.state), job.id) end
  if not job.quote then redis.call('ZADD', key('state', state), job.accepted_at, job.id) end
end

-- A tenant's turn in a queue: who holds fewest slots comes first, and among equals whoever has waited longest for one.
local SLOT = 1e10

-- Put a tenant in its place among those with jobs to give out. With `anew` it has just had its turn.
local function place(queue, tenant, anew)
  if redis.call('EXISTS', key('ready', queue, tenant)) == 0 then
    redis.call('ZREM', key('turns', queue), tenant)
    if redis.call('EXISTS', key('turns', queue)) == 0 then redis.call('DEL', key('turn', queue)) end
    return
  end
  redis.call('ZREMRANGEBYSCORE', key('held', queue, tenant), '-inf', text(NOW))
  local known = not anew and redis.call('ZSCORE', key('turns', queue), tenant)
  local since = known and known % SLOT or redis.call('INCR', key('turn', queue))
  local slots = redis.call('ZCARD', key('held', queue, tenant))
  redis.call('ZADD', key('turns', queue), string.format('%.0f', slots * SLOT + since), tenant)
end

-- A queued job whose message is on its way may be given to whoever gets another one.
local function make_ready(job)
  if job.called or job.probe then return end
  redis.call('ZADD', key('ready', job.queue, job.tenant), job.accepted_at, job.id)
  place(job.queue, job.tenant)
end

local function unmake_ready(job)
  if redis.call('ZREM', key('ready', job.queue, job.tenant), job.id) == 1 then place(job.queue, job.tenant) end
end

-- Forget whose message the job waits for: a new one of its own is sent, or it waits no longer.
local function forget_message(job)
  if job.message then redis.call('HDEL', job.key, 'message') end
  job.message = nil
end

local function leave_queue(job)
  redis.call('ZREM', key('queued', job.queue), job.id)
  unmake_ready(job)
  forget_message(job)
end

-- The job takes up a slot until its lease ends. A process that died, or that does not know of slots, holds none for long.
local function hold_slot(job, lease_until)
  redis.call('ZADD', key('held', job.queue, job.tenant), text(lease_until), job.id)
end

local function leave_slot(job)
  redis.call('ZREM', key('held', job.queue, job.tenant), job.id)
  place(job.queue, job.tenant)
end

-- Change the state, in the job and in the indexes.
local function move(job, state)
  if job.parked then unpark(job) end
  if job.state == 'queued' then leave_queue(job) end
  if job.state == 'running' then leave_slot(job) end
  if state == 'queued' then redis.call('ZADD', key('queued', job.queue), text(NOW), job.id) end
  index_state(job, state)
  redis.call('HSET', job.key, 'state', state)
  job.state = state
end

-- Write a job that the shard does not hold, in no state yet; the arguments are those of the accept script from the nonce
-- on.
local function write_job(id, accepted_at, nonce, fingerprint, body, queue, tenant, lane, metadata, ...)
  local job = {id = id, key = key('job', id), queue = queue, accepted_at = accepted_at, tenant = tenant}
  redis.call('HSET', job.key, 'job', body, 'fingerprint', fingerprint, 'nonce', nonce, 'queue', queue, 'tenant', tenant,
    'lane', lane, 'metadata', metadata, 'accepted_at', accepted_at, 'attempts', 0, 'crashes', 0, 'messages', 1)
  for place, name in ipairs({'start_by', 'finish_by', 'store_days', 'model', 'quote'}) do
    local value = select(place, ...)
    if value ~= '' then
      redis.call('HSET', job.key, name, value)
      job[name] = value
    end
  end
  if not job.quote then redis.call('ZADD', key('jobs'), accepted_at, id) end
  -- An earlier message about it could not be read.
  if redis.call('DEL', key('rejected', id)) == 1 then redis.call('PERSIST', key('deliveries', id)) end
  return job
end

-- A pause ends by waking its jobs. A look now and then finds those that it has missed.
local PARKED_SECONDS = 3600

-- The first pause that the job falls under, or nil. `model` is that of jobs that name none. A probe is let past the one
-- that it probes, unless an operator has made it his own meanwhile. A quote makes no call that could be paused.
local function pause_of(job, model)
  if job.quote then return nil end
  local scopes = {'fleet', 'tenant:' .. (job.tenant or ''), 'model:' .. (job.model or model or '')}
  for index, pause in ipairs(redis.call('HMGET', key('pauses'), unpack(scopes))) do
    local is_probe = pause and job.probe == scopes[index] and cjson.decode(pause).by == 'account_fault'
    if pause and not is_probe then return scopes[index] end
  end
end

-- Let a job wait until the pause of its scope ends.
local function park(job, scope)
  local due_at = no_later_than_deadline(job, NOW + PARKED_SECONDS)
  move(job, 'waiting')
  redis.call('HDEL', job.key, 'probe')
  redis.call('HSET', job.key, 'parked', scope, 'reason', 'model_paused', 'due_at', text(due_at))
  redis.call('ZADD', key('parked', scope), text(NOW), job.id)
  look('job:' .. job.id, due_at)
end

local function write_event(event, routing_key, body, subject, grace)
  redis.call('HSET', key('event', event), 'routing_key', routing_key, 'body', body, 'job_id', subject, 'at', text(NOW))
  look('event:' .. event, NOW + grace)
end

-- Whether the token is that of the latest lease. A lease that ran out is still its holder's until another claims the
-- job: after an outage of the ledger, work that was done is not thrown away and paid for again.
local function holds(job, token)
  return job ~= nil and job.token == token
end

-- Whether a lease ran out while nobody swept. Then nobody could reach the ledger, its holder neither, and it gets the
-- time to come back: or else whoever comes back first would take the others' jobs, and pay for them again. A lease that
-- was spared once and is still not renewed has no holder.
local function ran_out_unseen(job, lease)
  local swept = tonumber(redis.call('GET', key('swept')))
  if not swept or NOW - swept <= lease / 3 then return false end
  return tonumber(job.lease_until) > swept and job.lease_until ~= job.spared
end

-- The last part to end wakes its job. A look now and then finds one that has slept through it.
local PARTS_SECONDS = 3600

-- Let a job wait until its parts have ended.
local function await_parts(job)
  local due_at = no_later_than_deadline(job, NOW + PARTS_SECONDS)
  move(job, 'waiting')
  redis.call('HSET', job.key, 'reason', 'parts', 'due_at', text(due_at))
  look('job:' .. job.id, due_at)
end

-- Queue a job whose message the caller sends; a sweep does if it has not been marked as sent by the end of the grace.
local function queue_again(job, grace)
  move(job, 'queued')
  redis.call('HDEL', job.key, 'due_at', 'reason')
  redis.call('HINCRBY', job.key, 'messages', 1)
  look('job:' .. job.id, no_later_than_deadline(job, NOW + grace))
end

-- The ids of a job's parts, in order.
local function parts_of(id) return redis.call('LRANGE', key('parts', id), 0, -1) end

local function has_open_parts(id) return redis.call('SCARD', key('open', id)) > 0 end

-- Forget a job's parts, which have ended, and theirs.
local function forget_parts(id)
  for _, part in ipairs(parts_of(id)) do
    forget_parts(part)
    look('job:' .. part, nil)
    redis.call('DEL', key('job', part))
  end
  redis.call('DEL', key('parts', id), key('open', id))
end
