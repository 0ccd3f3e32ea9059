#!lua flags=no-writes
--[[
How many deliveries of this shard are due.

KEYS     [1] the shard's prefix
ARGV     [1] time
Returns  {how many may be attempted, how many wait as their endpoint is left alone,
         the id of one of the first that nobody has taken for a while, or ''}
]]
-- Whoever makes deliveries looks about once a second.
local UNTAKEN_SECONDS = 30
local ready, postponed, untaken = 0, 0, ''
for _, endpoint in ipairs(redis.call('ZRANGE', key('outgoing'), 0, -1)) do
  local count = redis.call('ZCARD', key('outgoing', endpoint))
  local rested = redis.call('HGET', key('resting'), endpoint)
  if rested and tonumber(rested) > NOW then
    postponed = postponed + count
  else
    ready = ready + count
    local first = redis.call('ZRANGE', key('outgoing', endpoint), 0, 0, 'WITHSCORES')
    if first[2] and NOW - first[2] > UNTAKEN_SECONDS then untaken = first[1] end
  end
end
return {ready, postponed, untaken}
