--[[
How a job is given to a holder, whichever way it was chosen.
]]
local claiming = {}

-- Why a job cannot be given out now; nil if it can.
function claiming.refusal(job, lease)
  if not job then return 'unknown' end
  if FINAL[job.state] then return 'final' end
  if job.state == 'running' and (tonumber(job.lease_until) > NOW or ran_out_unseen(job, lease)) then return 'held' end
  if overdue(job) then return 'overdue' end
  if job.state == 'waiting' and tonumber(job.due_at) > NOW then return 'waiting' end
end

-- The newest message that a worker took from the queue. Queues are first in, first out, so that older ones have been
-- taken or lost. A job of which there may be a second message says nothing about its place in the queue.
function claiming.raise_watermark(job)
  local sent = tonumber(redis.call('ZSCORE', key('queued', job.queue), job.id))
  local mark = tonumber(redis.call('HGET', key('watermarks'), job.queue)) or 0
  if job.messages == '1' and sent > mark then redis.call('HSET', key('watermarks'), job.queue, text(sent)) end
end

-- The same token again is the same request again: its answer was lost on the way.
function claiming.is_repeated(job, token) return holds(job, token) and job.state == 'running' end

-- Give it out. The attempt is counted before the work.
function claiming.give(job, token, holder, lease)
  if job.state == 'running' then redis.call('HINCRBY', job.key, 'crashes', 1) end
  move(job, 'running')
  redis.call('HINCRBY', job.key, 'attempts', 1)
  redis.call('HDEL', job.key, 'due_at', 'reason', 'probe', 'split', 'called')
  redis.call('HSET', job.key, 'token', token, 'holder', holder, 'started_at', text(NOW),
    'first_started_at', job.first_started_at or text(NOW), 'lease_until', text(NOW + lease))
  look('job:' .. job.id, NOW + lease)
  hold_slot(job, NOW + lease)
  place(job.queue, job.tenant, true)
end

-- {'claimed', its facts, ids of its parts, its id}
function claiming.answer(job)
  local claim = redis.call('HMGET', job.key, 'job', 'attempts', 'crashes', 'progress', 'accepted_at', 'started_at',
    'lease_until', 'round')
  if job.whole then claim[1] = redis.call('HGET', key('job', job.whole), 'job') end
  claim[#claim + 1] = job.probe or ''
  claim[#claim + 1] = redis.call('HGET', job.key, 'part') or ''
  claim[#claim + 1] = redis.call('SCARD', key('open', job.id))
  return {'claimed', claim, parts_of(job.id), job.id}
end
