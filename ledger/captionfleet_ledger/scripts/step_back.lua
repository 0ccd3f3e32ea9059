#!lua flags=allow-oom
-- with line
--[[
While no account answers, a job that is ahead of its call goes back to its place in line.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] the model's name  [3] limits of all accounts as JSON  [4] group  [5] job id  [6] when it was accepted
Returns  1, or 0 if an account answers again: the job stays where it is
]]
local _, name, limits, group, id, since = unpack(ARGV)
if not line.is_down(cjson.decode(limits)) then return 0 end
line.forget(name, group .. '|' .. id)
line.step_in(name, group, id, since)
return 1
