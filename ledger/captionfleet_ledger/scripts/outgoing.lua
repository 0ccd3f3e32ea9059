--[[
Deliveries that are due stand in a line for each endpoint. `outgoing:<endpoint>` holds the ids of one, by when they were
due; `outgoing` says which endpoints have a line in this shard, and when to look at each. `resting` holds the endpoints
that are left alone, and until when.
]]

-- A look now and then ends what has waited for too long.
local IN_LINE_SECONDS = 3600
-- Deliveries of an older release, whose ids name no endpoint.
local UNNAMED = 'unnamed'
-- Those that have waited for longer than their whole schedule takes: they are ended, not attempted.
local OVERDUE = 'overdue'

local function endpoint_in(id) return string.match(id, '^dlv_%d+_(%x+)_') or UNNAMED end

-- Whether it did not stand there before; one that did keeps its place.
local function line_up_delivery(id, endpoint)
  look('delivery:' .. id, NOW + IN_LINE_SECONDS)
  redis.call('ZADD', key('outgoing'), 'LT', text(NOW), endpoint)
  return redis.call('ZADD', key('outgoing', endpoint), 'NX', text(NOW), id) == 1
end

local function leave_line(id)
  redis.call('ZREM', key('outgoing', endpoint_in(id)), id)
  redis.call('ZREM', key('outgoing', OVERDUE), id)
end
