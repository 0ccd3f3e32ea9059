#!lua flags=allow-oom
--[[
Whether an endpoint may be tried. One that is left alone may be when its time has come, by one attempt at a time.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] endpoint  [3] seconds that an attempt may take
Returns  {'open', how many deliveries have failed there since one was answered} | {'probe'} | {'resting', until when, why}
]]
local _, endpoint, lease = unpack(ARGV)
local health = fields(key('health', endpoint), {'rests_until', 'reason'})

if not health.rests_until then return {'open', redis.call('SCARD', key('failing', endpoint))} end
if tonumber(health.rests_until) > NOW then return {'resting', health.rests_until, health.reason} end
redis.call('HSET', key('health', endpoint), 'rests_until', text(NOW + lease))
return {'probe'}
