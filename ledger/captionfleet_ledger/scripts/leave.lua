#!lua flags=allow-oom
-- with line
--[[
A job is no longer ahead of a call, nor in line for one: it has ended, or waits for something else.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] group  [4] job id
Returns  1 if others stand in line
]]
local _, name, group, id = unpack(ARGV)
line.forget(name, group .. '|' .. id)
line.step_out(name, group, id)
return redis.call('EXISTS', key('lines', name))
