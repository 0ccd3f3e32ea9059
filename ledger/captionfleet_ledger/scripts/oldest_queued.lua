#!lua flags=no-writes
--[[
For how long the oldest messages of one shard have been on their way.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2…] queues
Returns  seconds for each queue, or '' where nothing is queued
]]
local ages = {}
for index = 2, #ARGV do
  local oldest = redis.call('ZRANGE', key('queued', ARGV[index]), 0, 0, 'WITHSCORES')
  ages[#ages + 1] = oldest[2] and text(NOW - oldest[2]) or ''
end
return ages
