#!lua flags=allow-oom
-- with outgoing
--[[
Offer deliveries that are due, the same number of each endpoint at most. They stay in line, and are offered to nobody
else for a while; a claim takes them out.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] how many at most  [3] of one endpoint at most  [4] seconds for which they are not offered again
         [5…] endpoints of which none are wanted
Returns  endpoint and delivery id in turn
]]
local FIRST_UNWANTED = 5
local limit, each, hold = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local unwanted, taken = {}, {}
for index = FIRST_UNWANTED, #ARGV do unwanted[ARGV[index]] = true end

-- When to look at the endpoint's line again.
local function look_again(endpoint)
  local first = redis.call('ZRANGE', key('outgoing', endpoint), 0, 0, 'WITHSCORES')
  if not first[2] then return redis.call('ZREM', key('outgoing'), endpoint) end
  redis.call('ZADD', key('outgoing'), text(math.max(tonumber(first[2]), NOW)), endpoint)
end

local function take_from(endpoint)
  local room = math.min(each, limit - #taken / 2)
  local ids = redis.call('ZRANGE', key('outgoing', endpoint), '-inf', text(NOW), 'BYSCORE', 'LIMIT', 0, room)
  for _, id in ipairs(ids) do
    redis.call('ZADD', key('outgoing', endpoint), text(NOW + hold), id)
    taken[#taken + 1] = endpoint
    taken[#taken + 1] = id
  end
  look_again(endpoint)
end

-- Whether the endpoint is left alone for now.
local function rests(endpoint)
  local rested = redis.call('HGET', key('resting'), endpoint)
  if not rested then return false end
  if tonumber(rested) > NOW then
    redis.call('ZADD', key('outgoing'), rested, endpoint)
    return true
  end
  redis.call('HDEL', key('resting'), endpoint)
  return false
end

-- Some more than can be taken, as some of them may be unwanted.
local looked_at = limit + #ARGV
for _, endpoint in ipairs(redis.call('ZRANGE', key('outgoing'), '-inf', text(NOW), 'BYSCORE', 'LIMIT', 0, looked_at)) do
  if #taken / 2 >= limit then break end
  if not unwanted[endpoint] and not rests(endpoint) then take_from(endpoint) end
end
return taken
