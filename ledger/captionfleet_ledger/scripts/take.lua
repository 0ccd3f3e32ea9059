#!lua
-- with claiming
--[[
Give a holder the job whose turn it is, as a message has arrived. A message is a wake-up call: it need not be for the job
that it names. Of the jobs in the same queue and shard whose messages are on their way too, the tenant that holds fewest
slots gets its oldest one; the job that was named waits for the message of that one instead.

  message   of a job: whose message it waits for, where that is not its own
  wakes     of a job: who waits for its messages, in the order in which these were sent
  took      of a job: the token that came with its message, and the job that was given out
  early     of a job: when it was given out although its own message was still on its way

A job that nobody else's message may be spent on is not `ready`, and is given out by its own. A message whose job needs it
no more serves whoever is next.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] new lease token  [4] holder  [5] lease in seconds
         [6] model of jobs that name none
Returns  as `claim`, or {'unknown' | 'final' | 'held' | 'waiting' | 'overdue' | 'paused'} of the job that was named
]]
local _, id, token, holder, lease, model = unpack(ARGV)
-- Jobs that turn out not to be for giving out, for one message: its script must not take long.
local LOOKS = 32
local named = read_job(id)

-- The job that was given out for the same token: its answer was lost on the way.
local function given_before()
  local other = named.took and named.took:sub(1, #token) == token and read_job(named.took:sub(#token + 2))
  local job = other or named
  return claiming.is_repeated(job, token) and job or nil
end

-- The queued job that has waited for this message; nil where none has.
local function waiting_for_it()
  for heir_id in (named.wakes or ''):gmatch('%S+') do
    named.wakes = named.wakes:sub(#heir_id + 2)
    local heir = read_job(heir_id)
    if heir and heir.state == 'queued' and heir.message == id then return heir end
  end
  if named.state == 'queued' and not named.message then return named end
end

-- Parts of a job are forgotten with it, and their messages may be late too.
local function note_arrival()
  if named.wakes == '' then redis.call('HDEL', named.key, 'wakes') end
  if (named.wakes or '') ~= '' then redis.call('HSET', named.key, 'wakes', named.wakes) end
  if named.early and not next(parts_of(id)) then redis.call('HDEL', named.key, 'early') end
end

local function is_ready(job) return redis.call('ZSCORE', key('ready', job.queue, job.tenant), job.id) end

local function first_in_turn(queue)
  local tenant = redis.call('ZRANGE', key('turns', queue), 0, 0)[1]
  local first = tenant and redis.call('ZRANGE', key('ready', queue, tenant), 0, 0)[1]
  if tenant and not first then redis.call('ZREM', key('turns', queue), tenant) end
  return tenant, first
end

-- An older release gives jobs out without taking them from `ready`; one that is overdue is left to the sweep.
local function may_be_given(job, queue) return job and job.state == 'queued' and job.queue == queue and not overdue(job) end

local function next_in_turn(queue)
  for _ = 1, LOOKS do
    local tenant, first = first_in_turn(queue)
    if not tenant then return nil end
    local job = first and read_job(first)
    local scope = job and pause_of(job, model)
    if first and not may_be_given(job, queue) then
      unmake_ready({id = first, queue = queue, tenant = tenant})
    elseif scope then
      park(job, scope)
    elseif first then
      return job
    end
  end
end

local function note_heir(job, heir)
  if job then redis.call('HSET', job.key, 'wakes', job.wakes and job.wakes .. ' ' .. heir.id or heir.id) end
end

-- `job` waits for the message of `chosen` from now on, with its place in the queue.
local function swap(job, chosen)
  local message = chosen.message or chosen.id
  redis.call('HSET', job.key, 'message', message, 'messages', chosen.messages)
  redis.call('HSET', chosen.key, 'messages', job.messages)
  note_heir(read_job(message), job)
  redis.call('ZADD', key('queued', job.queue), redis.call('ZSCORE', key('queued', job.queue), chosen.id), job.id)
end

-- A tenant that holds no more slots than it seemed to comes forward: one look each time keeps all of them true.
local function look_at_the_last(queue)
  local last = redis.call('ZRANGE', key('turns', queue), -1, -1)[1]
  if last then place(queue, last) end
end

local function give(job)
  claiming.give(job, token, holder, lease)
  if job.id ~= id then redis.call('HSET', named.key, 'took', token .. ' ' .. job.id) end
  return claiming.answer(job)
end

local function give_early(job)
  if not job.message then redis.call('HSET', key('job', job.whole or job.id), 'early', text(NOW)) end
  return give(job)
end

local function give_itself(job)
  local scope = pause_of(job, model)
  if not scope then return give(job) end
  if job.state == 'running' then redis.call('HINCRBY', job.key, 'crashes', 1) end
  park(job, scope)
  return {'paused'}
end

-- `waiting` waits for the message, or nobody does.
local function give_in_turn(waiting)
  local queue = (waiting or named).queue
  local chosen = next_in_turn(queue)
  look_at_the_last(queue)
  if not waiting then return chosen and give_early(chosen) end
  -- What is not chosen may have been parked meanwhile.
  local is_queued = redis.call('HGET', waiting.key, 'state') == 'queued'
  if not chosen then return is_queued and give_itself(waiting) end
  if chosen.id == waiting.id then return give(chosen) end
  if is_queued then swap(waiting, chosen) end
  return give_early(chosen)
end

if not named then return {'unknown'} end
local before = given_before()
if before then return claiming.answer(before) end
local refusal = claiming.refusal(named, lease)
local waiting = waiting_for_it()
note_arrival()
if waiting then claiming.raise_watermark(waiting) end
if waiting and overdue(waiting) then waiting = nil end
if waiting and not is_ready(waiting) then return give_itself(waiting) end
if not waiting and not refusal and named.state ~= 'queued' then return give_itself(named) end
local given = give_in_turn(waiting)
if given then return given end
if refusal then return {refusal} end
named = read_job(id)
return named.state == 'queued' and give_itself(named) or {'paused'}
