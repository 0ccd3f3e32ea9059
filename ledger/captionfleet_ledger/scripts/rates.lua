--[[
The rates in force for a model on one account, and what was used of them. Fields of `pace:<limit>`, where the limit is named
after the model, and with several accounts `<model>@<account>`:

  next_request, next_token      when the next call may begin by either rate
  cool_until, reason            a cool-down
  ramp_from, ramp_scale         since when the rate grows, and how much slower than usual
  refused_at, strikes, answered  the last refusal, how many went on without a calm, and calls that were answered since
  found_<what>, bad_<what>, cut_<what>   a limit below the documented one: where the rate was set after a refusal, at
                                what rate it was refused, and when; <what> is `requests` or `tokens`
  audio_seconds, audio_tokens, output_tokens   what calls turned out to use
  fault, fault_until, fault_delay, fault_longest, broken_at, tripped_at   why no call is made, when the next one may try,
                                how long it is put off, and at most, and when the fault was found first and last;
                                `at_fault` names these limits
  stalled                       the fault is that no call is answered: any answer ends it
  silent_calls, silent_since, silent_seconds, called_at   permits since the account answered last: how many, since when,
                                seconds of the shortest audio, and when the last of them was given
  slowness                      how long answers take, in parts of the time that is expected
  answered_by, answered_began, other_began   the job of the call that was answered and began last, when that was, and
                                likewise of the last such call of another job
  mean_tokens                   of a permit; of all accounts of the model, in `pace:<model>`

`spent:<what>:<limit>` is a hash: second → requests or tokens of permits whose moment lies in it.
`failing:<limit>` is a hash: jobs whose calls found the service out of order since it answered last → when.
]]
local HEADROOM = 0.965
local WINDOW = 60
local CLOSE, CLIMB_SECONDS, KEPT_SECONDS = 0.97, 120, 600
local RAMP_FIRST = 0.25
local EXPECTED_SECONDS, EXPECTED_FOR_EACH = 12, 0.1
local SHORTEST_PATIENCE, SLOWNESS_KEPT = 5, 0.98

local rates = {}

local FIELDS = {
  'next_request', 'next_token', 'cool_until', 'reason', 'ramp_from', 'ramp_scale', 'refused_at', 'strikes', 'answered',
  'found_requests', 'bad_requests', 'cut_requests', 'found_tokens', 'bad_tokens', 'cut_tokens',
  'audio_seconds', 'audio_tokens', 'output_tokens', 'fault', 'fault_until', 'fault_delay', 'fault_longest',
  'broken_at', 'tripped_at', 'stalled', 'silent_calls', 'silent_since', 'silent_seconds', 'called_at', 'slowness',
  'answered_by', 'answered_began', 'other_began',
}
local WORDS = {reason = true, fault = true, answered_by = true}

function rates.read(name)
  local pace = fields(key('pace', name), FIELDS)
  for field, value in pairs(pace) do
    if not WORDS[field] then pace[field] = tonumber(value) end
  end
  return pace
end

-- Just below the documented limit; or else the rate climbs from where it was cut to just below where it was refused, and
-- after a while looks whether that limit still holds.
function rates.of(pace, what, limit)
  local known = limit * HEADROOM
  local found = pace['found_' .. what]
  if not found then return known end
  local bad, since = pace['bad_' .. what], NOW - pace['cut_' .. what]
  local climbed = found + (bad - found) * since / CLIMB_SECONDS
  local ceiling = bad * CLOSE * (1 + 0.1 * math.max(0, since / KEPT_SECONDS - 1))
  return math.min(known, climbed, ceiling)
end

function rates.ramp(pace, seconds)
  local scaled = seconds * (pace.ramp_scale or 1)
  if scaled <= 0 then return 1 end
  return math.min(1, RAMP_FIRST + (1 - RAMP_FIRST) * (NOW - pace.ramp_from) / scaled)
end

local function spent(name, what) return key('spent', what, name) end

-- What was spent in each of the last seconds, oldest first, and the sum.
local function window(name, what)
  local entries, sum = {}, 0
  local raw = redis.call('HGETALL', spent(name, what))
  for index = 1, #raw, 2 do
    local second = tonumber(raw[index])
    if second < math.floor(NOW) - WINDOW then
      redis.call('HDEL', spent(name, what), raw[index])
    else
      entries[#entries + 1] = {second, tonumber(raw[index + 1])}
      sum = sum + raw[index + 1]
    end
  end
  table.sort(entries, function(one, other) return one[1] < other[1] end)
  return entries, sum
end

function rates.spend(name, what, moment, amount)
  if amount == 0 then return end
  redis.call('HINCRBYFLOAT', spent(name, what), math.floor(moment), amount)
  -- Nobody else looks at what was spent of a limit that is not set, or was never refused.
  if redis.call('HLEN', spent(name, what)) > 2 * WINDOW then window(name, what) end
end

-- The account answers: no fault any more.
function rates.close(name)
  redis.call('HDEL', key('pace', name), 'fault', 'fault_until', 'fault_delay', 'fault_longest', 'stalled')
  redis.call('SREM', key('at_fault'), name)
  redis.call('DEL', key('failing', name))
end

-- The account does not answer: it gets no call for a while. Each later try puts the next one off for twice as long.
function rates.open(name, pace, reason, first, longest)
  local delay = math.max(pace.fault_delay or 0, first)
  redis.call('HSET', key('pace', name), 'fault', reason, 'fault_until', text(NOW + delay), 'fault_delay', text(delay),
    'fault_longest', text(math.max(pace.fault_longest or 0, longest)), 'broken_at', text(pace.fault and pace.broken_at or NOW),
    'tripped_at', text(NOW))
  redis.call('SADD', key('at_fault'), name)
end

function rates.is_doubted(name, pace) return pace.fault ~= nil or redis.call('EXISTS', key('failing', name)) == 1 end

-- When the last call began that another job had answered, or nil.
function rates.answered_another(pace, job)
  if pace.answered_by ~= job then return pace.answered_began end
  return pace.other_began
end

-- A job's call that began then was answered, which ends a fault that was found before. Returns whether it did.
function rates.answer(name, pace, job, began)
  local last, other = pace.answered_began or 0, pace.other_began or 0
  local by = pace.answered_by
  if began >= last then
    if by and by ~= job then other = last end
    by, last = job, began
  elseif by ~= job then
    other = math.max(other, began)
  end
  redis.call('HSET', key('pace', name), 'answered_by', by, 'answered_began', text(last), 'silent_calls', 0)
  if other > 0 then redis.call('HSET', key('pace', name), 'other_began', text(other)) end
  if not rates.is_doubted(name, pace) or not (pace.stalled or began >= (pace.tripped_at or 0)) then return false end
  rates.close(name)
  return pace.fault ~= nil
end

-- Seconds within which one of several calls is answered: as long as it takes a slow model until more is known.
local function expected(seconds) return EXPECTED_SECONDS + EXPECTED_FOR_EACH * seconds end

function rates.patience(pace)
  local usual = expected(pace.silent_seconds or 0)
  return pace.slowness and math.max(SHORTEST_PATIENCE, 2 * pace.slowness * usual) or usual
end

function rates.learn_slowness(name, pace, seconds, took)
  local slowness = math.max(SLOWNESS_KEPT * (pace.slowness or 0), took / expected(seconds))
  redis.call('HSET', key('pace', name), 'slowness', text(slowness))
end

function rates.note_mean(model, tokens)
  local mean = tonumber(redis.call('HGET', key('pace', model), 'mean_tokens'))
  redis.call('HSET', key('pace', model), 'mean_tokens', text(mean and 0.9 * mean + 0.1 * tokens or tokens))
end

function rates.in_last_minute(name, what) return select(2, window(name, what)) end

-- From when on so much more fits into a minute. A call that is larger than a minute's worth goes alone.
function rates.opens(name, what, amount, rate)
  if rate <= 0 then return 0 end
  local entries, sum = window(name, what)
  -- Seconds are counted as a whole, which is margin enough.
  local budget, moment = rate / HEADROOM * WINDOW - amount, 0
  for _, entry in ipairs(entries) do
    if sum <= budget + 0.001 then return moment end
    sum = sum - entry[2]
    moment = entry[1] + 1 + WINDOW
  end
  return moment
end
