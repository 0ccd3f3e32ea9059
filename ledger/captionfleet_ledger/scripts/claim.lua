#!lua
--[[
Give a queued job, or a running one whose lease ran out, to a holder. The attempt is counted before the work. A job that
falls under a pause is parked instead.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] new lease token  [4] holder  [5] lease in seconds
         [6] model of jobs that name none
Returns  {'claimed', {job, attempts, crashes, progress, accepted_at, started_at, lease_until, round, probed scope or '',
         description of a part or '', how many of its own parts are open}, ids of its parts}, a part's job being its
         whole one; or {'unknown' | 'final' | 'held' | 'waiting' | 'overdue' | 'paused'}
]]
local _, id, token, holder, lease, model = unpack(ARGV)
local job = read_job(id)

local function refusal()
  if not job then return 'unknown' end
  if FINAL[job.state] then return 'final' end
  if job.state == 'running' and (tonumber(job.lease_until) > NOW or ran_out_unseen(job, lease)) then return 'held' end
  if overdue(job) then return 'overdue' end
  if job.state == 'waiting' and tonumber(job.due_at) > NOW then return 'waiting' end
end

-- The newest message that a worker took from the queue. Queues are first in, first out, so that older ones have been
-- taken or lost. A job of which there may be a second message says nothing about its place in the queue.
local function raise_watermark()
  local sent = tonumber(redis.call('ZSCORE', key('queued', job.queue), id))
  local mark = tonumber(redis.call('HGET', key('watermarks'), job.queue)) or 0
  if job.messages == '1' and sent > mark then redis.call('HSET', key('watermarks'), job.queue, text(sent)) end
end

local function leave_queue_or_holder()
  if job.state == 'queued' then raise_watermark() end
  if job.state == 'running' then redis.call('HINCRBY', job.key, 'crashes', 1) end
end

local function take()
  move(job, 'running')
  redis.call('HINCRBY', job.key, 'attempts', 1)
  redis.call('HDEL', job.key, 'due_at', 'reason', 'probe', 'split')
  redis.call('HSET', job.key, 'token', token, 'holder', holder, 'started_at', text(NOW),
    'first_started_at', job.first_started_at or text(NOW), 'lease_until', text(NOW + lease))
  look('job:' .. id, NOW + lease)
end

-- The same token again is the same request again: its answer was lost on the way.
if not (holds(job, token) and job.state == 'running') then
  local reason = refusal()
  if reason then return {reason} end
  leave_queue_or_holder()
  local scope = pause_of(job, model)
  if scope then
    park(job, scope)
    return {'paused'}
  end
  take()
end
local claim = redis.call('HMGET', job.key, 'job', 'attempts', 'crashes', 'progress', 'accepted_at', 'started_at',
  'lease_until', 'round')
if job.whole then claim[1] = redis.call('HGET', key('job', job.whole), 'job') end
claim[#claim + 1] = job.probe or ''
claim[#claim + 1] = redis.call('HGET', job.key, 'part') or ''
claim[#claim + 1] = redis.call('SCARD', key('open', id))
return {'claimed', claim, parts_of(id)}
