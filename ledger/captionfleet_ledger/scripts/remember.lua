#!lua flags=allow-oom
--[[
Keep a caption for other jobs with the same audio, for a while. It goes along with a settlement, which a full server must
not hold up, and takes less than that.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] what it is kept under  [3] the caption and its job as JSON  [4] for how many milliseconds
Returns  nothing
]]
local _, name, entry, milliseconds = unpack(ARGV)
redis.call('SET', key('caption', name), entry, 'PX', milliseconds)
