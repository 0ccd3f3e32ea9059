#!lua flags=no-writes
--[[
Which accounts have an open breaker.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] limits of all accounts as JSON
Returns  for each account its fault, '' for none
]]
local faults = {}
for index, limit in ipairs(cjson.decode(ARGV[2])) do
  faults[index] = redis.call('HGET', key('pace', limit), 'fault') or ''
end
return faults
