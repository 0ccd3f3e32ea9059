--[[
The line of a model: jobs ahead (given to a worker, their calls not yet permitted) and jobs that stand in line for that.
A group is `lane|tenant`. An entry that is not renewed in time vanishes, so that a worker that died holds no place.

  ahead:<name>         sorted set   group|job id by when the entry ends
  ahead_of:<name>      hash         group → how many of its jobs are ahead
  lines:<name>         set          groups that have a line
  line:<name>:<group>  sorted set   job ids by when they were accepted
  slots:<name>         hash         holder → `slots time`
]]
local SLOTS_KEPT = 300
local FIRST_MINUTE, WHOLE = 60, 120

local line = {}

function line.forget(name, member)
  if redis.call('ZREM', key('ahead', name), member) == 0 then return end
  local group = member:match('^([^|]*|[^|]*)|')
  if redis.call('HINCRBY', key('ahead_of', name), group, -1) < 1 then redis.call('HDEL', key('ahead_of', name), group) end
end

function line.expire(name)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key('ahead', name), '-inf', text(NOW))) do
    line.forget(name, member)
  end
end

-- Count a job as ahead for so many seconds.
function line.note(name, group, id, seconds)
  if redis.call('ZADD', key('ahead', name), text(NOW + seconds), group .. '|' .. id) == 1 then
    redis.call('HINCRBY', key('ahead_of', name), group, 1)
  end
end

function line.is_ahead(name, group, id) return redis.call('ZSCORE', key('ahead', name), group .. '|' .. id) end

function line.ahead_of(name, group) return tonumber(redis.call('HGET', key('ahead_of', name), group) or 0) end

function line.step_out(name, group, id)
  redis.call('ZREM', key('line', name, group), id)
  if redis.call('EXISTS', key('line', name, group)) == 0 then redis.call('SREM', key('lines', name), group) end
end

function line.step_in(name, group, id, since)
  redis.call('ZADD', key('line', name, group), since, id)
  redis.call('SADD', key('lines', name), group)
end

-- Whether no account may be called, but by one job now and then that finds out whether it answers again.
function line.is_down(limits)
  for _, limit in ipairs(limits) do
    if redis.call('HEXISTS', key('pace', limit), 'fault') == 0 then return false end
  end
  return true
end

local function slots_of(name)
  local total = 0
  local said = redis.call('HGETALL', key('slots', name))
  for index = 1, #said, 2 do
    local slots, at = said[index + 1]:match('^(%S+) (%S+)$')
    if NOW - at < SLOTS_KEPT then
      total = total + slots
    else
      redis.call('HDEL', key('slots', name), said[index])
    end
  end
  return total
end

-- How many jobs may be ahead: of whichever group, and in all. A minute's and two minutes' worth of calls, but never so
-- many that they fill the slots: those that are free find out which job comes next. Where nothing is limited the slots
-- are what limits; where nothing answers there is room for a few that try.
function line.room(name, limits, request_rate, token_rate)
  if line.is_down(limits) then
    local slots = slots_of(name)
    return math.max(1, slots / 8), math.max(2, slots / 4)
  end
  if request_rate <= 0 and token_rate <= 0 then return math.huge, math.huge end
  local mean = tonumber(redis.call('HGET', key('pace', name), 'mean_tokens'))
  local rate = request_rate > 0 and request_rate or math.huge
  if token_rate > 0 and mean then rate = math.min(rate, token_rate / mean) end
  local slots = slots_of(name)
  return math.max(1, math.min(FIRST_MINUTE * rate, slots / 2)), math.max(2, math.min(WHOLE * rate, slots * 3 / 4))
end

-- Beyond the common room a group may still have its fair share of it: who comes late does not wait for all before it.
function line.has_room(name, group, common, all)
  local total = redis.call('ZCARD', key('ahead', name))
  if total + 1 <= common then return true end
  if total + 1 > all then return false end
  local own = line.ahead_of(name, group)
  local groups = redis.call('HLEN', key('ahead_of', name)) + (own == 0 and 1 or 0)
  return own + 1 <= math.max(1, common / groups)
end
