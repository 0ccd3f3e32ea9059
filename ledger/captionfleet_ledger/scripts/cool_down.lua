#!lua flags=allow-oom
--[[
Grant nobody a permit for some time. A longer cool-down that is on already stays.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] seconds  [4] reason
Returns  nothing
]]
local _, name, seconds, reason = unpack(ARGV)
local hash = key('pace', name)
local cool_until = tonumber(redis.call('HGET', hash, 'cool_until')) or 0
if NOW + seconds > cool_until then
  redis.call('HSET', hash, 'cool_until', text(NOW + seconds), 'reason', reason)
end
