#!lua flags=allow-oom
-- with line
-- with rates
--[[
Grant the next model call to whom it belongs among all who wait, if its moment has come. Each process says who waits at
the front of each of its groups; of them all the lane and then the tenant that had least of late is next, and of its jobs
the one that has waited longest. Calls are spread evenly (a cell rate without burst), and a moment is given away at most
one call ahead: whoever comes may still be next.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] holder  [4] requests per second  [5] tokens per second, 0 for no limit
         [6] seconds of the ramp  [7] tokens per second of audio, until learned  [8] tokens of a call besides, likewise
         [9] fronts as JSON: [[job id, lane, tenant, seconds of audio, waiting since], …]
Returns  {1, wait until the moment, reason '', job id, tokens, moment, 1 if others stand in line} when granted to the
         holder; {0, wait until it is worth asking again, reason of a cool-down if one is on}
]]
local _, name, holder, request_limit, token_limit, ramp_seconds, ratio, besides, fronts = unpack(ARGV)
request_limit, token_limit, ramp_seconds = tonumber(request_limit), tonumber(token_limit), tonumber(ramp_seconds)
local LEAD, LATE, STALE, TICK = 0.2, 0.05, 3, 0.001
local WEIGHT = {interactive = 4, bulk = 1}
local TENANTS_KEPT = 64
local hash, book, share = key('pace', name), key('asking', name), key('share', name)
local pace = rates.read(name)

local function tokens_of(seconds)
  local learned = pace.audio_seconds and pace.audio_tokens / pace.audio_seconds
  return math.ceil(seconds * (learned or ratio)) + math.ceil(pace.output_tokens or besides)
end

local function note_fronts()
  if fronts == '[]' then
    redis.call('HDEL', book, holder)
  else
    redis.call('HSET', book, holder, text(NOW) .. ' ' .. fronts)
  end
end

-- Everybody at the front of a group, in whichever process.
local function all_fronts()
  local found, said = {}, redis.call('HGETALL', book)
  for index = 1, #said, 2 do
    local at, raw = said[index + 1]:match('^(%S+) (.*)$')
    if NOW - at > STALE then
      redis.call('HDEL', book, said[index])
    else
      for _, front in ipairs(cjson.decode(raw)) do
        found[#found + 1] = {
          holder = said[index], id = front[1], lane = front[2], tenant = front[3], seconds = front[4], since = front[5],
        }
      end
    end
  end
  return found
end

-- Start-time fair queueing: who was idle starts where the others are now, so that idleness is not saved up.
local function mark(field) return tonumber(redis.call('HGET', share, field)) or 0 end
local function start(clock, field) return math.max(mark(clock), mark(field)) end
local function lane_start(front) return start('now', 'lane:' .. front.lane) end
local function tenant_start(front) return start('now:' .. front.lane, 'tenant:' .. front.lane .. ':' .. front.tenant) end

local function before(one, other)
  if one.lane_start ~= other.lane_start then return one.lane_start < other.lane_start end
  if one.lane ~= other.lane then return one.lane == 'interactive' end
  if one.tenant_start ~= other.tenant_start then return one.tenant_start < other.tenant_start end
  if one.since ~= other.since then return one.since < other.since end
  return one.id < other.id
end

local function next_of(candidates)
  local best, own
  for _, front in ipairs(candidates) do
    front.lane_start, front.tenant_start = lane_start(front), tenant_start(front)
    if not best or before(front, best) then best = front end
    if front.holder == holder and (not own or before(front, own)) then own = front end
  end
  return best, own
end

local function forget_idle_tenants()
  if redis.call('HLEN', share) <= TENANTS_KEPT then return end
  local marks = redis.call('HGETALL', share)
  for index = 1, #marks, 2 do
    local lane = marks[index]:match('^tenant:(%a+):')
    if lane and tonumber(marks[index + 1]) <= mark('now:' .. lane) then redis.call('HDEL', share, marks[index]) end
  end
end

local function charge(front, cost)
  redis.call('HSET', share, 'now', text(front.lane_start), 'now:' .. front.lane, text(front.tenant_start),
    'lane:' .. front.lane, text(front.lane_start + cost / (WEIGHT[front.lane] or 1)),
    'tenant:' .. front.lane .. ':' .. front.tenant, text(front.tenant_start + cost))
  forget_idle_tenants()
end

-- Idle is an account whose next call could have begun long ago.
local function begin_ramp_after_idleness()
  local free_since = math.max(pace.next_request or 0, pace.next_token or 0, pace.cool_until or 0)
  if pace.ramp_from and NOW - free_since <= math.max(ramp_seconds, 1) then return end
  pace.ramp_from = NOW
  redis.call('HSET', hash, 'ramp_from', text(NOW))
end

local function per_call(rate) return rate > 0 and 1 / rate or 0 end

local function grant(front, moment, tokens, request_rate, token_rate)
  local ramp = rates.ramp(pace, ramp_seconds)
  local by_requests = per_call(request_rate * ramp)
  local by_tokens = token_rate > 0 and tokens / (token_rate * ramp) or 0
  local mean = pace.mean_tokens and 0.9 * pace.mean_tokens + 0.1 * tokens or tokens
  redis.call('HSET', hash, 'next_request', text(moment + by_requests), 'next_token', text(moment + by_tokens),
    'granted_at', text(moment), 'mean_tokens', text(mean))
  rates.spend(name, 'requests', moment, 1)
  rates.spend(name, 'tokens', moment, tokens)
  charge(front, math.max(per_call(request_rate), token_rate > 0 and tokens / token_rate or 0))
  redis.call('HDEL', book, holder)
  line.forget(name, front.lane .. '|' .. front.tenant .. '|' .. front.id)
  local lined = redis.call('EXISTS', key('lines', name))
  return {1, text(math.max(0, moment - NOW)), '', front.id, tokens, text(moment), lined}
end

note_fronts()
local reason = (pace.cool_until or 0) > NOW and pace.reason or ''
local best, own = next_of(all_fronts())
if not own then return {0, text(1), reason} end
begin_ramp_after_idleness()
local request_rate, token_rate = rates.of(pace, 'requests', request_limit), rates.of(pace, 'tokens', token_limit)

local function moment_of(front)
  return math.max(
    pace.cool_until or 0,
    request_rate > 0 and pace.next_request or 0,
    token_rate > 0 and pace.next_token or 0,
    pace.found_requests and rates.opens(name, 'requests', 1, request_rate) or 0,
    rates.opens(name, 'tokens', tokens_of(front.seconds), token_rate)
  )
end

-- Who does not come for its moment in time leaves it to another.
local moment, interval = moment_of(best), per_call(request_rate)
local late = request_rate > 0 and math.min(LATE, interval / 2) or LATE
if best ~= own and NOW - moment > late then
  best, moment = own, moment_of(own)
end
local lead = request_rate > 0 and math.min(LEAD, interval) or LEAD
if moment - NOW > lead + TICK then return {0, text(moment - lead - NOW), reason} end
if best ~= own then return {0, text(math.max(moment - NOW, 0) + late), reason} end
return grant(own, math.max(moment, NOW), tokens_of(own.seconds), request_rate, token_rate)
