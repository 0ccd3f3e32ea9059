#!lua flags=allow-oom
-- with outgoing
--[[
Leave the line of an endpoint alone until a time, or look at it at once.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] endpoint  [3] until when, or '' to look at it at once
         [4…] ids of deliveries that were taken from the line and are not attempted now
Returns  1
]]
local FIRST_ID = 4
local _, endpoint, until_when = unpack(ARGV)

for index = FIRST_ID, #ARGV do
  redis.call('ZADD', key('outgoing', endpoint), 'XX', text(NOW), ARGV[index])
end
if until_when == '' then
  redis.call('HDEL', key('resting'), endpoint)
  redis.call('ZADD', key('outgoing'), 'XX', 'LT', text(NOW), endpoint)
elseif redis.call('EXISTS', key('outgoing', endpoint)) == 1 then
  redis.call('HSET', key('resting'), endpoint, until_when)
  redis.call('ZADD', key('outgoing'), 'XX', until_when, endpoint)
end
return 1
