#!lua flags=allow-oom
-- with line
--[[
Choose who comes ahead next, as far as there is room: of the group that has fewest jobs ahead, an interactive one
counting for less, whoever came first. Whom no worker admits within the offer's time is called again.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] requests per second  [4] tokens per second  [5] how many at most
         [6] limits of all accounts as JSON
Returns  group and job id in turn
]]
local _, name, request_rate, token_rate, limit, limits = unpack(ARGV)
local OFFER_SECONDS, CHUNK = 30, 50
local WEIGHT = {interactive = 4, bulk = 1}

line.expire(name)
local common, all = line.room(name, cjson.decode(limits), tonumber(request_rate), tonumber(token_rate))
local groups = redis.call('SMEMBERS', key('lines', name))
local done, called = {}, {}

local function burden(group) return line.ahead_of(name, group) / (WEIGHT[group:match('^[^|]*')] or 1) end

local function next_group()
  local best, least
  for _, group in ipairs(groups) do
    if not done[group] and line.has_room(name, group, common, all) then
      local carried = burden(group)
      if not best or carried < least or (carried == least and group > best) then best, least = group, carried end
    end
  end
  return best
end

local function first_of(group)
  for _, id in ipairs(redis.call('ZRANGE', key('line', name, group), 0, CHUNK)) do
    if not line.is_ahead(name, group, id) then return id end
  end
end

while #called < 2 * tonumber(limit) do
  local group = next_group()
  if not group then break end
  local id = first_of(group)
  if id then
    line.note(name, group, id, OFFER_SECONDS)
    called[#called + 1], called[#called + 2] = group, id
  else
    done[group] = true
  end
end
return called
