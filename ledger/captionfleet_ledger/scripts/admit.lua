#!lua flags=allow-oom
-- with line
--[[
Let a claimed job come ahead of its call, if there is room for its group and nobody of the group stands in line before it.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] group  [4] job id  [5] when it was accepted
         [6] holder  [7] slots of the holder  [8] requests per second  [9] tokens per second, 0 for no limit
         [10] limits of all accounts as JSON
Returns  1, or 0 if the job stands in line now
]]
local _, name, group, id, since, holder, slots, request_rate, token_rate, limits = unpack(ARGV)
local AHEAD_SECONDS = 600

redis.call('HSET', key('slots', name), holder, slots .. ' ' .. text(NOW))
line.expire(name)

local function may_pass()
  if line.is_ahead(name, group, id) then return true end
  local others = redis.call('ZCARD', key('line', name, group))
  if others > 0 then return false end
  local common, all = line.room(name, cjson.decode(limits), tonumber(request_rate), tonumber(token_rate))
  return line.has_room(name, group, common, all)
end

if may_pass() then
  line.step_out(name, group, id)
  line.note(name, group, id, AHEAD_SECONDS)
  return 1
end
line.step_in(name, group, id, since)
return 0
