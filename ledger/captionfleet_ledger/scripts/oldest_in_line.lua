#!lua flags=no-writes
--[[
For how long those who stand in line for a model have been waiting.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit
Returns  lane and seconds since its oldest job was accepted, in turn
]]
local _, name = unpack(ARGV)
local since = {}
for _, group in ipairs(redis.call('SMEMBERS', key('lines', name))) do
  local lane = group:match('^[^|]*')
  local first = redis.call('ZRANGE', key('line', name, group), 0, 0, 'WITHSCORES')
  if first[2] then since[lane] = math.min(since[lane] or math.huge, first[2]) end
end
local reply = {}
for lane, accepted_at in pairs(since) do
  reply[#reply + 1], reply[#reply + 2] = lane, text(NOW - accepted_at)
end
return reply
