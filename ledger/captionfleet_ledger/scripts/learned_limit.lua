#!lua flags=no-writes
--[[
The length of audio that a model has turned out to take.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] model
Returns  seconds of audio, or '' where nothing is known
]]
local known = fields(key('limit', ARGV[2]), {'seconds', 'until'})
return known.seconds and tonumber(known['until']) > NOW and known.seconds or ''
