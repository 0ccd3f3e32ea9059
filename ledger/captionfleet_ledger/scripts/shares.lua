--[[
Who is next, by start-time fair queueing: who was idle starts where the others are now, so that idleness is not saved up.
Fields of `share:<model>`, each a virtual time:

  now, lane:<lane>                             where the lanes are, and what each has had
  now:<lane>, tenant:<lane>:<tenant>           likewise the tenants of a lane
  now:accounts, account:<account>              likewise the accounts that share the calls
]]
local WEIGHT = {interactive = 4, bulk = 1}
local TENANTS_KEPT = 64

local shares = {}

local function mark(name, field) return tonumber(redis.call('HGET', key('share', name), field)) or 0 end

local function start(name, clock, field) return math.max(mark(name, clock), mark(name, field)) end

local function before(one, other)
  if one.lane_start ~= other.lane_start then return one.lane_start < other.lane_start end
  if one.lane ~= other.lane then return one.lane == 'interactive' end
  if one.tenant_start ~= other.tenant_start then return one.tenant_start < other.tenant_start end
  if one.since ~= other.since then return one.since < other.since end
  return one.id < other.id
end

-- The first of all, and the first of the holder.
function shares.next_of(name, fronts, holder)
  local best, own
  for _, front in ipairs(fronts) do
    front.lane_start = start(name, 'now', 'lane:' .. front.lane)
    front.tenant_start = start(name, 'now:' .. front.lane, 'tenant:' .. front.lane .. ':' .. front.tenant)
    if not best or before(front, best) then best = front end
    if front.holder == holder and (not own or before(front, own)) then own = front end
  end
  return best, own
end

local function forget_idle_tenants(name)
  if redis.call('HLEN', key('share', name)) <= TENANTS_KEPT then return end
  local marks = redis.call('HGETALL', key('share', name))
  for index = 1, #marks, 2 do
    local lane = marks[index]:match('^tenant:(%a+):')
    if lane and tonumber(marks[index + 1]) <= mark(name, 'now:' .. lane) then
      redis.call('HDEL', key('share', name), marks[index])
    end
  end
end

function shares.charge(name, front, cost)
  redis.call('HSET', key('share', name), 'now', text(front.lane_start), 'now:' .. front.lane, text(front.tenant_start),
    'lane:' .. front.lane, text(front.lane_start + cost / (WEIGHT[front.lane] or 1)),
    'tenant:' .. front.lane .. ':' .. front.tenant, text(front.tenant_start + cost))
  forget_idle_tenants(name)
end

local function turn_of(name, account) return start(name, 'now:accounts', 'account:' .. account.name) end

-- The account that had least, by its weight, comes first.
function shares.sort_by_turn(name, accounts)
  for _, account in ipairs(accounts) do account.turn = turn_of(name, account) end
  table.sort(accounts, function(one, other)
    return one.turn < other.turn or (one.turn == other.turn and one.name < other.name)
  end)
end

-- One that stands by has no turns.
function shares.take_turn(name, account)
  if account.weight <= 0 then return end
  redis.call('HSET', key('share', name), 'now:accounts', text(account.turn),
    'account:' .. account.name, text(account.turn + 1 / account.weight))
end
