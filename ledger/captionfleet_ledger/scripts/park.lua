#!lua flags=allow-oom
--[[
Give a job back because what it belongs to is paused: it waits until the pause ends, and the attempt does not count. If
the pause has ended meanwhile, it is due at once. Ends the lease.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] token  [4] scope  [5] progress
Returns  1, or 0 if the lease is lost
]]
local _, id, token, scope, progress = unpack(ARGV)
local job = read_job(id)
if not holds(job, token) then return 0 end

redis.call('HDEL', job.key, 'token', 'holder', 'lease_until')
redis.call('HSET', job.key, 'progress', progress, 'given_back', token)
redis.call('HINCRBY', job.key, 'attempts', -1)
park(job, scope)
if redis.call('HEXISTS', key('pauses'), scope) == 0 then look('job:' .. id, NOW) end
return 1
