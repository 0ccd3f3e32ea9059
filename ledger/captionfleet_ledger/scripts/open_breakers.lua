#!lua flags=no-writes
--[[
The accounts of this shard's models whose breaker is open.

KEYS     [1] the shard's prefix
ARGV     [1] time
Returns  for each its limit, the fault, since when, and when the next call may try it
]]
local found = {}
for _, limit in ipairs(redis.call('SMEMBERS', key('at_fault'))) do
  local pace = fields(key('pace', limit), {'fault', 'broken_at', 'fault_until'})
  found[#found + 1] = {limit, pace.fault or '', pace.broken_at or '0', pace.fault_until or '0'}
end
return found
