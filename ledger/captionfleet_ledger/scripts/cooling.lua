#!lua flags=no-writes
--[[
How long a cool-down still lasts.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit
Returns  {seconds, reason}; seconds are not positive when none is on
]]
local pace = fields(key('pace', ARGV[2]), {'cool_until', 'reason'})
return {text((tonumber(pace.cool_until) or 0) - NOW), pace.reason or ''}
