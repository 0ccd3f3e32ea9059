#!lua flags=allow-oom
-- with line
-- with rates
-- with shares
--[[
Grant the next model call to whom it belongs among all who wait, if its moment has come on one of the accounts. Each
process says who waits at the front of each of its groups; of them all the lane and then the tenant that had least of late
is next, and of its jobs the one that has waited longest. Calls of an account are spread evenly (a cell rate without
burst), and a moment is given away at most one call ahead: whoever comes may still be next.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] the model's name  [3] holder
         [4] fronts as JSON: [[job id, lane, tenant, seconds of audio, waiting since, account that it is bound to or ''], …]
         [5] accounts as JSON: [{name, limit: the name of its pace, requests and tokens per second (0 for no limit), ramp:
             seconds, ratio: tokens per second of audio until learned, besides: other tokens of a call likewise,
             weight: 0 for one that stands by, hears: whether each answer is told}, …]
Returns  {1, wait until the moment, reason '', job id, tokens, moment, 1 if others stand in line, account} when granted to
         the holder; {0, wait until it is worth asking again, reason of a cool-down or fault if one is on, 1 if all
         accounts are at fault}
]]
local _, name, holder, fronts, accounts = unpack(ARGV)
accounts = cjson.decode(accounts)
local LEAD, LATE, STALE, TICK = 0.2, 0.05, 3, 0.001
local STANDS_BY = 5
local STALL_CALLS, STALL_SECONDS, LONGEST_OUTAGE = 8, 4, 60
local book = key('asking', name)
for _, account in ipairs(accounts) do account.pace = rates.read(account.limit) end

local function tokens_of(account, seconds)
  local pace = account.pace
  local learned = pace.audio_seconds and pace.audio_tokens / pace.audio_seconds
  return math.ceil(seconds * (learned or account.ratio)) + math.ceil(pace.output_tokens or account.besides)
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
          bound_to = front[6] or '',
        }
      end
    end
  end
  return found
end

-- Idle is an account whose next call could have begun long ago.
local function begin_ramp_after_idleness(account)
  local pace = account.pace
  local free_since = math.max(pace.next_request or 0, pace.next_token or 0, pace.cool_until or 0)
  if pace.ramp_from and NOW - free_since <= math.max(account.ramp, 1) then return end
  pace.ramp_from = NOW
  redis.call('HSET', key('pace', account.limit), 'ramp_from', text(NOW))
end

local function per_call(rate) return rate > 0 and 1 / rate or 0 end

-- What all accounts allow together; 0 where one of them has no limit.
local function in_all(what)
  local sum = 0
  for _, account in ipairs(accounts) do
    if account[what] <= 0 then return 0 end
    sum = sum + account[what]
  end
  return sum
end

-- Calls go out, and none is answered: as long as that lasts it is not worth more than a try now and then.
local function open_if_stalled(account)
  local pace = account.pace
  if not account.hears or pace.fault or (pace.silent_calls or 0) < STALL_CALLS then return end
  local silent = NOW - pace.silent_since
  if silent <= rates.patience(pace) then return end
  local reason = string.format('None of %d calls has been answered for %d seconds.', pace.silent_calls, silent)
  rates.open(account.limit, pace, reason, STALL_SECONDS, LONGEST_OUTAGE)
  redis.call('HSET', key('pace', account.limit), 'stalled', 1)
  account.pace = rates.read(account.limit)
end

-- Calls that came long before this one say nothing of it.
local function note_call(account, seconds)
  local pace = account.pace
  local first = (pace.silent_calls or 0) == 0 or NOW - (pace.called_at or 0) > rates.patience(pace)
  redis.call('HSET', key('pace', account.limit), 'called_at', text(NOW),
    'silent_calls', first and 1 or pace.silent_calls + 1,
    'silent_since', text(first and NOW or pace.silent_since),
    'silent_seconds', text(first and seconds or math.min(seconds, pace.silent_seconds)))
end

-- One call at a time finds out whether the account works again; each puts the next one off for twice as long.
local function note_try(account)
  local delay = math.min(2 * account.pace.fault_delay, account.pace.fault_longest or LONGEST_OUTAGE)
  redis.call('HSET', key('pace', account.limit), 'fault_until', text(NOW + delay), 'fault_delay', text(delay))
end

local function grant(front, account, moment, tokens)
  local pace, hash = account.pace, key('pace', account.limit)
  local ramp = rates.ramp(pace, account.ramp)
  local by_requests = per_call(account.request_rate * ramp)
  local by_tokens = account.token_rate > 0 and tokens / (account.token_rate * ramp) or 0
  redis.call('HSET', hash, 'next_request', text(moment + by_requests), 'next_token', text(moment + by_tokens))
  if account.hears then note_call(account, front.seconds) end
  if pace.fault then note_try(account) end
  rates.note_mean(name, tokens)
  rates.spend(account.limit, 'requests', moment, 1)
  rates.spend(account.limit, 'tokens', moment, tokens)
  local tokens_in_all = in_all('tokens')
  local cost = math.max(per_call(in_all('requests')), tokens_in_all > 0 and tokens / tokens_in_all or 0)
  shares.charge(name, front, cost)
  if #accounts > 1 then shares.take_turn(name, account) end
  redis.call('HDEL', book, holder)
  local group = front.lane .. '|' .. front.tenant
  line.forget(name, group .. '|' .. front.id)
  local lined = redis.call('EXISTS', key('lines', name))
  if lined == 1 then line.step_out(name, group, front.id) end
  return {1, text(math.max(0, moment - NOW)), '', front.id, tokens, text(moment), lined, account.name}
end

local function moment_of(front, account)
  local pace = account.pace
  return math.max(
    pace.cool_until or 0,
    pace.fault and pace.fault_until or 0,
    account.request_rate > 0 and pace.next_request or 0,
    account.token_rate > 0 and pace.next_token or 0,
    pace.found_requests and rates.opens(account.limit, 'requests', 1, account.request_rate) or 0,
    rates.opens(account.limit, 'tokens', tokens_of(account, front.seconds), account.token_rate)
  )
end

local function is_down(pace)
  return (pace.fault and pace.fault_until > NOW) or (pace.cool_until or 0) > NOW + STANDS_BY
end

local function needs_standby()
  for _, account in ipairs(accounts) do
    if account.weight > 0 and not is_down(account.pace) then return false end
  end
  return true
end

-- Those who may call on an account: one that stands by is for those who are bound to it, until all others are down.
local function candidates_of(account, found, standby)
  local may = {}
  for _, front in ipairs(found) do
    local free = front.bound_to == '' and (account.weight > 0 or standby)
    if free or front.bound_to == account.name then may[#may + 1] = front end
  end
  return may
end

-- The permit of an account, or how long nothing is to be had there.
local function try(account, candidates)
  local best, own = shares.next_of(name, candidates, holder)
  if not own then return nil, 1 end
  begin_ramp_after_idleness(account)
  account.request_rate = rates.of(account.pace, 'requests', account.requests)
  account.token_rate = rates.of(account.pace, 'tokens', account.tokens)
  -- Who does not come for its moment in time leaves it to another.
  local moment, interval = moment_of(best, account), per_call(account.request_rate)
  local late = account.request_rate > 0 and math.min(LATE, interval / 2) or LATE
  if best ~= own and NOW - moment > late then
    best, moment = own, moment_of(own, account)
  end
  local lead = account.request_rate > 0 and math.min(LEAD, interval) or LEAD
  if moment - NOW > lead + TICK then return nil, moment - lead - NOW end
  if best ~= own then return nil, math.max(moment - NOW, 0) + late end
  return grant(own, account, math.max(moment, NOW), tokens_of(account, own.seconds))
end

local function is_outage()
  for _, account in ipairs(accounts) do
    if not account.pace.fault then return 0 end
  end
  return 1
end

local function reason_of(pace)
  if pace.fault and pace.fault_until > NOW then return pace.fault end
  return (pace.cool_until or 0) > NOW and pace.reason or ''
end

note_fronts()
for _, account in ipairs(accounts) do open_if_stalled(account) end
local found, standby = all_fronts(), needs_standby()
shares.sort_by_turn(name, accounts)
local soonest, reason = 1, ''
for index, account in ipairs(accounts) do
  local permit, wait = try(account, candidates_of(account, found, standby))
  if permit then return permit end
  if index == 1 or wait < soonest then soonest, reason = wait, reason_of(account.pace) end
end
return {0, text(soonest), reason, is_outage()}
