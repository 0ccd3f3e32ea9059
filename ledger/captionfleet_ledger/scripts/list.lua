#!lua flags=no-writes
--[[
Job ids of one shard that fit a filter, newest first. Looks at a bounded number of jobs, so that a filter that fits
little does not hold the server up; the caller goes on from where it ended.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] index: 'jobs', 'dead' or 'state:<state>'  [3] how many ids at most  [4] how many jobs to look at
         [5] begin at accepted_at, or '+inf'  [6] and below this id there, or '' for all of them
         [7] accepted_after, or '-inf'  [8] accepted_before or ''  [9] states as ',a,b,' or ''  [10] tenant or ''
         [11] lane or ''  [12] failure code or ''  [13] metadata as JSON or ''
Returns  {accepted_at and id in turn, the last accepted_at and id looked at, or nothing at the end of the index}
]]
local _, index, limit, budget, newest, below, oldest, before, states, tenant, lane, failure, metadata = unpack(ARGV)
limit, budget = tonumber(limit), tonumber(budget)
local wanted = metadata ~= '' and cjson.decode(metadata) or {}
local PAGE = 200
local start = newest
if before ~= '' and (newest == '+inf' or tonumber(before) <= tonumber(newest)) then start = '(' .. before end

local function has_metadata(job)
  if not next(wanted) then return true end
  local pairs_of_job = cjson.decode(job.metadata)
  for name, value in pairs(wanted) do
    if pairs_of_job[name] ~= value then return false end
  end
  return true
end

local function fits(id)
  local job = fields(key('job', id), {'state', 'tenant', 'lane', 'failure', 'metadata'})
  return (states == '' or string.find(states, ',' .. job.state .. ',', 1, true))
    and (tenant == '' or job.tenant == tenant)
    and (lane == '' or job.lane == lane)
    and (failure == '' or job.failure == failure)
    and has_metadata(job)
end

-- An index sorts by bytes; Lua's own comparison follows the locale of the server.
local function is_below(id, other)
  for place = 1, math.min(#id, #other) do
    local mine, its = string.byte(id, place), string.byte(other, place)
    if mine ~= its then return mine < its end
  end
  return #id < #other
end

local found, position, offset = {}, {}, 0

local function look_at(id, accepted_at)
  if below ~= '' and tonumber(accepted_at) == tonumber(newest) and not is_below(id, below) then return end
  position = {accepted_at, id}
  budget = budget - 1
  if fits(id) then
    found[#found + 1] = accepted_at
    found[#found + 1] = id
  end
end

while true do
  local page = redis.call('ZRANGE', key(index), start, oldest, 'BYSCORE', 'REV', 'LIMIT', offset, PAGE, 'WITHSCORES')
  if #page == 0 then return {found, {}} end
  for place = 1, #page, 2 do
    look_at(page[place], page[place + 1])
    if #found / 2 >= limit or budget <= 0 then return {found, position} end
  end
  offset = offset + PAGE
end
