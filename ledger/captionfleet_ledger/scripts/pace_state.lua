#!lua flags=allow-oom
-- with rates
--[[
How the limits of a model on one account stand. Nothing is asked for; what is older than a minute is forgotten on the way.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] requests per second  [4] tokens per second, 0 for no limit
Returns  {seconds of a cool-down, fault of an open breaker or '', then of requests and of tokens in turn: rate in force
         per second, how many calls of the last minute were permitted or how many tokens they use, rate per second at
         which the model refused and which holds the rate down, or ''}
]]
local _, name, request_limit, token_limit = unpack(ARGV)
request_limit, token_limit = tonumber(request_limit), tonumber(token_limit)
local pace = rates.read(name)

local function held_down_by(what, limit)
  return rates.of(pace, what, limit) < rates.of({}, what, limit) and text(pace['bad_' .. what]) or ''
end

return {
  text(math.max(0, (pace.cool_until or 0) - NOW)),
  pace.fault or '',
  text(rates.of(pace, 'requests', request_limit)),
  text(rates.in_last_minute(name, 'requests')),
  held_down_by('requests', request_limit),
  text(rates.of(pace, 'tokens', token_limit)),
  text(rates.in_last_minute(name, 'tokens')),
  held_down_by('tokens', token_limit),
}
