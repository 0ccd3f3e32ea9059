#!lua flags=no-writes
--[[
How many events of one shard have waited for their publication for longer than that should take, and for how long the
oldest of them. An event that is not published is due within the grace, so that is where they are looked for.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] grace for publishing in seconds  [3] how many entries are looked at at most
Returns  {how many, seconds of the oldest as text}
]]
local grace, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local count, oldest = 0, NOW

for _, member in ipairs(redis.call('ZRANGE', key('due'), '-inf', text(NOW + grace), 'BYSCORE', 'LIMIT', 0, limit)) do
  local id = string.match(member, '^event:(.*)$')
  -- An event that an older release has written does not say when.
  local at = id and tonumber(redis.call("HGET", key("event", id), "at") or nil)
  if at and NOW - at > grace then
    count, oldest = count + 1, math.min(oldest, at)
  end
end
return {count, text(NOW - oldest)}
