#!lua flags=allow-oom
-- with rates
--[[
A call found an account out of order. After such calls of enough jobs in a row its breaker opens: it gets no call for a
while, and then one at a time until one is answered, ever more rarely.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] limit of the account  [3] when the call began  [4] reason
         [5] jobs in a row that open the breaker  [6] seconds of the first time  [7] and the longest
         [8] limits of all accounts as JSON  [9] '1' to close all where this was the last one
         [10] the job that failed, or ''  [11] as whose its answers count  [12] when a call began that another job had answered,
         as far as the caller knows, or ''
Returns  {accounts that have a closed breaker, when the last call began that another job had answered or '', 1 if other
         jobs fail too, seconds until a call may try the account or '0' where its breaker is closed}
]]
local _, limit, began, reason, enough, first, longest, limits, yields, job, asker, known = unpack(ARGV)
local ROW_SECONDS, KEPT_SECONDS, MOST_KEPT = 60, 3600, 16
local failing = key('failing', limit)
local pace = rates.read(limit)
began, limits = tonumber(began), cjson.decode(limits)
local answered = math.max(rates.answered_another(pace, asker) or 0, tonumber(known) or 0)

-- Jobs that have failed in a row: an answer that the ledger was not told of ends one, and so does a quiet time.
local function failing_jobs()
  local jobs, raw = {}, redis.call('HGETALL', failing)
  local lasts = pace.fault and KEPT_SECONDS or ROW_SECONDS
  for index = 1, #raw, 2 do
    local at = tonumber(raw[index + 1])
    if at < answered or NOW - at > lasts then
      redis.call('HDEL', failing, raw[index])
    else
      jobs[#jobs + 1] = raw[index]
    end
  end
  return jobs
end

local others = 0
for _, id in ipairs(failing_jobs()) do
  if id ~= job then others = others + 1 end
end
if job ~= '' and others < MOST_KEPT then
  redis.call('HSET', failing, job, text(NOW))
  redis.call('EXPIRE', failing, KEPT_SECONDS)
end

-- A call that was on its way when the breaker opened, or was tried last, says nothing new.
if began >= (pace.tripped_at or 0) then
  redis.call('HSET', key('pace', limit), 'silent_calls', 0)
  if others + 1 >= tonumber(enough) or pace.fault then
    rates.open(limit, pace, reason, tonumber(first), tonumber(longest))
  end
end

local closed = 0
for _, one in ipairs(limits) do
  if redis.call('HEXISTS', key('pace', one), 'fault') == 0 then closed = closed + 1 end
end
if closed == 0 and yields == '1' then
  for _, one in ipairs(limits) do rates.close(one) end
end
local fault_until = tonumber(redis.call('HGET', key('pace', limit), 'fault_until') or NOW)
return {closed, answered > 0 and text(answered) or '', others > 0 and 1 or 0, text(math.max(0, fault_until - NOW))}
