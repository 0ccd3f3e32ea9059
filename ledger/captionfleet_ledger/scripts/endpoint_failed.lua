#!lua flags=allow-oom
--[[
Note that an attempt to deliver has failed by the endpoint's fault. After enough deliveries in a row, or when it asks for
time, the endpoint is left alone for a while, twice as long after each attempt that has tried it.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] endpoint  [3] delivery id  [4] reason  [5] '1' if the attempt was to try it
         [6] seconds for which it asks, or ''  [7] deliveries in a row that are enough
         [8] seconds of the first rest  [9] and of the longest  [10] the longest for which it may ask
Returns  until when it is left alone, or '' if it is not
]]
local _, endpoint, delivery, reason, probing, asked, enough, first, longest, patience = unpack(ARGV)
-- What is known of an endpoint to which nothing was sent for so long is out of date.
local KNOWN_SECONDS = 86400
-- An endpoint that nobody has tried for so long after its rest has no deliveries any more.
local SHOWN_SECONDS = 900
local hash, failing = key('health', endpoint), key('failing', endpoint)
local health = fields(hash, {'rests_until', 'delay'})
local tries = probing == '1' or not health.rests_until

-- An attempt that was on its way when the rest began says nothing new.
if not tries and asked == '' then return health.rests_until end
redis.call('SADD', failing, delivery)
redis.call('EXPIRE', failing, KNOWN_SECONDS)
if not health.rests_until and asked == '' and redis.call('SCARD', failing) < tonumber(enough) then return '' end

local delay = tonumber(health.delay or first)
if health.delay and tries then delay = math.min(2 * delay, longest) end
local wait = math.max(tries and delay or 0, math.min(tonumber(asked) or 0, patience))
local before = probing ~= '1' and tonumber(health.rests_until) or 0
local rests_until = text(math.max(before, NOW + wait))
redis.call('HSET', hash, 'rests_until', rests_until, 'delay', text(delay), 'reason', reason)
redis.call('HSETNX', hash, 'since', text(NOW))
redis.call('EXPIRE', hash, math.ceil(rests_until - NOW) + KNOWN_SECONDS)
redis.call('ZADD', key('unhealthy'), text(rests_until + SHOWN_SECONDS), endpoint)
redis.call('ZREMRANGEBYSCORE', key('unhealthy'), '-inf', text(NOW))
return rests_until
