#!lua flags=allow-oom
--[[
Correct the token clock by the difference between real and estimated usage.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] tokens used beyond the estimate, negative for fewer  [4] tokens per second
Returns  nothing
]]
local _, name, delta, rate = unpack(ARGV)
local hash = key('pace', name)
local next_token = tonumber(redis.call('HGET', hash, 'next_token')) or NOW
redis.call('HSET', hash, 'next_token', text(math.max(next_token, NOW) + delta / rate))
