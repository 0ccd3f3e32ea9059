#!lua flags=allow-oom
-- with rates
--[[
The model has refused a call that had a permit: all cool down, and the rate that was too much is cut. Cool-downs
grow while refusals go on.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] reason  [4] what was exceeded: 'requests', 'tokens', 'burst' or 'capacity'
         [5] the permit's moment  [6] its tokens  [7] requests per second  [8] tokens per second, 0 for no limit
         [9] seconds that the model asked to wait, or ''
Returns  seconds of the cool-down
]]
local _, name, reason, what, moment, tokens, request_limit, token_limit, retry_after = unpack(ARGV)
moment, tokens = tonumber(moment), tonumber(tokens)
request_limit, token_limit = tonumber(request_limit), tonumber(token_limit)
local LONGEST, MOST_STRIKES, CALM_SECONDS, CALM_CALLS = 60, 7, 60, 20
local CUT, BELOW, SLOWEST = 0.7, 0.95, 8
local hash = key('pace', name)
local pace = rates.read(name)

rates.spend(name, 'requests', moment, -1)
rates.spend(name, 'tokens', moment, -tokens)

-- A call that was on its way when the cool-down began says nothing new.
local is_new = moment >= (pace.cool_until or 0)
local strikes = is_new and (pace.strikes or 0) + 1 or math.max(1, pace.strikes or 1)
-- A cool-down is not calm: nobody calls. A refusal now and then among many answers is none that goes on.
local calm = NOW - math.max(pace.refused_at or 0, pace.cool_until or 0) > CALM_SECONDS
if calm or (is_new and (pace.answered or 0) >= CALM_CALLS) then strikes = 1 end
strikes = math.min(strikes, MOST_STRIKES)

-- The only refusal for long may be chance, as calls travel for different times: a limit that is lower refuses again soon.
local alone = not pace.refused_at or NOW - pace.refused_at > KEPT_SECONDS

-- Never below what was accepted in the last minute. After a calm minute that is the limit itself, whether seconds or
-- minutes are counted; before that one refusal may be chance, and with more of them the rate is cut until it is accepted.
local function cut(kind, limit)
  if limit <= 0 or moment < (pace['cut_' .. kind] or 0) then return end
  local rate = rates.of(pace, kind, limit)
  local accepted = rates.in_last_minute(name, kind) / WINDOW
  local calm_since = math.max(pace.ramp_from or NOW, pace.refused_at or 0)
  local bad, found = rate, math.min(math.max(CUT * rate, BELOW * accepted), BELOW * rate)
  if not alone and accepted > rate / 2 and NOW - calm_since >= WINDOW then
    bad = math.min(rate, accepted)
    found = BELOW * bad
  elseif strikes == 1 then
    bad, found = rate / CLOSE, BELOW * rate
  end
  redis.call('HSET', hash, 'bad_' .. kind, text(bad), 'found_' .. kind, text(found), 'cut_' .. kind, text(NOW))
end

if what == 'requests' then cut('requests', request_limit) end
if what == 'tokens' then cut('tokens', token_limit) end
if what == 'burst' then
  redis.call('HSET', hash, 'ramp_from', text(NOW), 'ramp_scale', math.min(SLOWEST, 2 * (pace.ramp_scale or 1)))
end

local seconds = tonumber(retry_after) or math.min(LONGEST, 2 ^ (strikes - 1))
local until_then = NOW + seconds
redis.call('HSET', hash, 'refused_at', text(NOW), 'strikes', strikes, 'answered', 0,
  'silent_calls', 0)
if until_then > (pace.cool_until or 0) then redis.call('HSET', hash, 'cool_until', text(until_then), 'reason', reason) end
return text(seconds)
