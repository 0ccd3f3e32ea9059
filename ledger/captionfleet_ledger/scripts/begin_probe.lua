#!lua flags=allow-oom
--[[
Take the turn to probe a paused scope, in its home shard; the next turn comes after twice as long.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] scope  [3] the job that probes  [4] longest time between two probes in seconds
Returns  1 if it is this caller's turn, else 0
]]
local _, scope, job, longest = unpack(ARGV)
local hash = key('probe', scope)
local probe = fields(hash, {'at', 'delay'})
if not probe.at or tonumber(probe.at) > NOW then return 0 end
local delay = math.min(tonumber(probe.delay) * 2, tonumber(longest))
redis.call('HSET', hash, 'at', text(NOW + delay), 'delay', delay, 'job', job)
return 1
