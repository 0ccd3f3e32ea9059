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
  failures                      calls in a row that found the service out of order
  fault, fault_until, fault_delay, broken_at, tripped_at   why no call is made, when the next one may try, how long that
                                was put off, and when the fault was found first and last; `at_fault` names these limits
  mean_tokens                   of a permit; of all accounts of the model, in `pace:<model>`

`spent:<what>:<limit>` is a hash: second → requests or tokens of permits whose moment lies in it.
]]
local HEADROOM = 0.965
local WINDOW = 60
local CLOSE, CLIMB_SECONDS, KEPT_SECONDS = 0.97, 120, 600
local RAMP_FIRST = 0.25

local rates = {}

local FIELDS = {
  'next_request', 'next_token', 'cool_until', 'reason', 'ramp_from', 'ramp_scale', 'refused_at', 'strikes', 'answered',
  'found_requests', 'bad_requests', 'cut_requests', 'found_tokens', 'bad_tokens', 'cut_tokens',
  'audio_seconds', 'audio_tokens', 'output_tokens', 'failures', 'fault', 'fault_until', 'fault_delay', 'broken_at',
  'tripped_at',
}
local WORDS = {reason = true, fault = true}

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
  redis.call('HDEL', key('pace', name), 'failures', 'fault', 'fault_until', 'fault_delay')
  redis.call('SREM', key('at_fault'), name)
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
