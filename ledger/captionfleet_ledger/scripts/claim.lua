#!lua
-- with claiming
--[[
Give a queued job, or a running one whose lease ran out, to a holder. The attempt is counted before the work. A job that
falls under a pause is parked instead.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] new lease token  [4] holder  [5] lease in seconds
         [6] model of jobs that name none
Returns  {'claimed', {job, attempts, crashes, progress, accepted_at, started_at, lease_until, round, probed scope or '',
         description of a part or '', how many of its own parts are open}, ids of its parts, its id}, a part's job being
         its whole one; or {'unknown' | 'final' | 'held' | 'waiting' | 'overdue' | 'paused'}
]]
local _, id, token, holder, lease, model = unpack(ARGV)
local job = read_job(id)

if not claiming.is_repeated(job, token) then
  local reason = claiming.refusal(job, lease)
  if reason then return {reason} end
  if job.state == 'queued' then claiming.raise_watermark(job) end
  local scope = pause_of(job, model)
  if scope then
    if job.state == 'running' then redis.call('HINCRBY', job.key, 'crashes', 1) end
    park(job, scope)
    return {'paused'}
  end
  claiming.give(job, token, holder, lease)
end
return claiming.answer(job)
