#!lua flags=allow-oom
--[[
Note the length of audio that a model has turned out to take, unless less is known already.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] model  [3] seconds of audio  [4] for how many seconds this holds
Returns  the seconds that hold now
]]
local _, model, seconds, lasts = unpack(ARGV)
local hash = key('limit', model)
local known = fields(hash, {'seconds', 'until'})
local holds_still = known.seconds and tonumber(known['until']) > NOW
if holds_still and tonumber(known.seconds) <= tonumber(seconds) then return known.seconds end
redis.call('HSET', hash, 'seconds', seconds, 'until', text(NOW + lasts))
return seconds
