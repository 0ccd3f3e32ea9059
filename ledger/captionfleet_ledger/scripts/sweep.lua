#!lua flags=allow-oom
-- with outgoing
--[[
Find what nobody looks after any more in one shard. Whatever is returned is put off by its grace time, so that a sweep
of another process does not find it too; what is not marked as done by then is offered again.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] how many at most  [3] grace for sending in seconds  [4] grace for publishing in seconds
         [5] lease in seconds, or '' to take every lease that has run out
         [6…] queue and time in turn: messages sent before that time are lost
Returns  {send: job id and queue in turn, expire: job ids, publish: event id, routing key, body and job id in turn,
         deliver: ids of deliveries that are due now, the number of jobs forgotten}
]]
local FIRST_QUEUE = 6
local limit, send_grace, publish_grace = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local lease = tonumber(ARGV[5])
local HOUR, DAY = 3600, 86400
-- The whole schedule of a delivery takes 3.46 days at most. One that has not been attempted since, as its endpoint was
-- left alone, is given up.
local DELIVERY_SECONDS = 3.5 * DAY
-- So many times more deliveries than other chores are looked at: many that fall due together do not hold up jobs.
local DELIVERIES_BESIDE = 10
local send, expire, publish, deliver, forgotten = {}, {}, {}, {}, 0

local function append(list, ...)
  for _, value in ipairs({...}) do list[#list + 1] = value end
end

local function offer(job)
  forget_message(job)
  redis.call('ZADD', key('queued', job.queue), text(NOW), job.id)
  redis.call('HINCRBY', job.key, 'messages', 1)
  look('job:' .. job.id, no_later_than_deadline(job, NOW + send_grace))
  append(send, job.id, job.queue)
end

local function offer_to_expire(job)
  look('job:' .. job.id, NOW + send_grace)
  append(expire, job.id)
end

local function spare(job)
  local lease_until = text(NOW + lease)
  hold_slot(job, NOW + lease)
  redis.call('HSET', job.key, 'lease_until', lease_until, 'spared', lease_until)
  look('job:' .. job.id, lease_until)
end

-- The token stays: until another claims the job, its holder may turn out to be alive (see `holds`).
local function take_from_holder(job)
  redis.call('HINCRBY', job.key, 'crashes', 1)
  move(job, 'queued')
end

local function end_wait(job)
  redis.call('HDEL', job.key, 'due_at', 'reason')
  move(job, 'queued')
end

local function has_pending_delivery(deliveries)
  for _, id in ipairs(deliveries) do
    if redis.call('HGET', key('delivery', id), 'state') == 'pending' then return true end
  end
  return false
end

-- A message that finds no job is a dead letter: one that was outrun still comes, unless it is lost.
local function is_early(job) return job.early ~= nil and NOW - job.early < DAY end

local function forget(job)
  local deliveries = redis.call('LRANGE', key('deliveries', job.id), 0, -1)
  if has_pending_delivery(deliveries) or is_early(job) then return look('job:' .. job.id, NOW + HOUR) end
  for _, id in ipairs(deliveries) do
    redis.call('DEL', key('delivery', id), key('attempts', id))
  end
  redis.call('ZREM', key('jobs'), job.id)
  redis.call('ZREM', key('state', job.state), job.id)
  redis.call('ZREM', key('dead'), job.id)
  forget_parts(job.id)
  redis.call('DEL', job.key, key('deliveries', job.id))
  look('job:' .. job.id, nil)
  forgotten = forgotten + 1
end

-- A job that ended without a caption has kept what came with it for a while. Nil when it has to be forgotten now.
local function drop(job)
  local kept = fields(job.key, {'stripped', 'forget_at'})
  if not kept.stripped or tonumber(kept.forget_at) <= NOW then return nil end
  redis.call('HSET', job.key, 'job', kept.stripped, 'dropped', text(NOW))
  redis.call('HDEL', job.key, 'stripped')
  look('job:' .. job.id, kept.forget_at)
  return true
end

local CHORES = {}

function CHORES.job(id)
  local job = read_job(id)
  if not job then return look('job:' .. id, nil) end
  if FINAL[job.state] then return drop(job) or forget(job) end
  if job.state == 'running' and lease and ran_out_unseen(job, lease) then return spare(job) end
  if job.state == 'running' then take_from_holder(job) end
  if overdue(job) then return offer_to_expire(job) end
  if job.state == 'waiting' then end_wait(job) end
  offer(job)
end

function CHORES.event(id)
  local event = fields(key('event', id), {'routing_key', 'body', 'job_id'})
  if not event.body then return look('event:' .. id, nil) end
  look('event:' .. id, NOW + publish_grace)
  append(publish, id, event.routing_key, event.body, event.job_id)
end

-- One that is due stands in the line of its endpoint from then on. Whoever makes deliveries takes it from there.
function CHORES.delivery(id)
  local hash = key('delivery', id)
  local delivery = fields(hash, {'state', 'since'})
  if delivery.state ~= 'pending' then return look('delivery:' .. id, nil) end
  -- An older release has not noted it.
  if not delivery.since then redis.call('HSET', hash, 'since', text(NOW)) end
  local too_late = delivery.since and NOW > delivery.since + DELIVERY_SECONDS
  if too_late then leave_line(id) end
  if line_up_delivery(id, too_late and OVERDUE or endpoint_in(id)) then append(deliver, id) end
end

-- Whether that was all.
local function sweep_due()
  local most, others = limit * DELIVERIES_BESIDE, 0
  local members = redis.call('ZRANGE', key('due'), '-inf', text(NOW), 'BYSCORE', 'LIMIT', 0, most)
  for _, member in ipairs(members) do
    local kind, id = string.match(member, '^(%a+):(.*)$')
    if kind ~= 'delivery' then others = others + 1 end
    if kind == 'delivery' or others <= limit then CHORES[kind](id) end
  end
  return #members < most and others <= limit
end

local function sweep_lost(queue, before)
  local room = limit - #send / 2
  if room <= 0 then return end
  local ids = redis.call('ZRANGE', key('queued', queue), '-inf', '(' .. before, 'BYSCORE', 'LIMIT', 0, room)
  for _, id in ipairs(ids) do
    local job = read_job(id)
    -- One that is overdue has an entry in `due` of its own.
    if not overdue(job) then offer(job) end
  end
end

-- Not at each sweep: a write a second is read by replicas and the append-only file too. A sweep that left some of what
-- is due has not seen it.
local function note_sweep(through)
  local swept = tonumber(redis.call('GET', key('swept')))
  if lease and through and not (swept and NOW - swept < lease / 12) then redis.call('SET', key('swept'), text(NOW)) end
end

local through = sweep_due()
note_sweep(through)
for index = FIRST_QUEUE, #ARGV, 2 do
  sweep_lost(ARGV[index], ARGV[index + 1])
end
return {send, expire, publish, deliver, forgotten}
