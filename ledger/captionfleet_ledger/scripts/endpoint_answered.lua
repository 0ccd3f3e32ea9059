#!lua flags=allow-oom
--[[
Note that an endpoint has taken a delivery: it is in order.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] endpoint
Returns  1 if it was left alone until now
]]
local endpoint = ARGV[2]

redis.call('DEL', key('failing', endpoint))
redis.call('ZREM', key('unhealthy'), endpoint)
return redis.call('DEL', key('health', endpoint))
