#!lua flags=allow-oom
-- with rates
--[[
A call found an account out of order. After enough such calls in a row its breaker opens: it gets no call for a while,
twice as long each time, and then one at a time until one is answered.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] limit of the account  [3] the permit's moment  [4] reason
         [5] calls in a row that open the breaker  [6] seconds of the first time  [7] and the longest
         [8] limits of all accounts as JSON  [9] '1' to close all where this was the last one
Returns  how many accounts have a closed breaker
]]
local _, limit, moment, reason, enough, first, longest, limits, yields = unpack(ARGV)
local hash = key('pace', limit)
local pace = rates.read(limit)
limits = cjson.decode(limits)

-- A call that was on its way when the breaker opened, or was tried last, says nothing new.
if tonumber(moment) >= (pace.tripped_at or 0) then
  local failures = redis.call('HINCRBY', hash, 'failures', 1)
  if failures >= tonumber(enough) or pace.fault then
    local delay = pace.fault_delay and math.min(2 * pace.fault_delay, tonumber(longest)) or tonumber(first)
    redis.call('HSET', hash, 'fault', reason, 'fault_until', text(NOW + delay), 'fault_delay', text(delay),
      'broken_at', text(pace.fault and pace.broken_at or NOW), 'tripped_at', text(NOW))
    redis.call('SADD', key('at_fault'), limit)
  end
end

local closed = 0
for _, one in ipairs(limits) do
  if redis.call('HEXISTS', key('pace', one), 'fault') == 0 then closed = closed + 1 end
end
if closed == 0 and yields == '1' then
  for _, one in ipairs(limits) do rates.close(one) end
end
return closed
