#!lua flags=allow-oom
--[[
Reserve the next moment at which a model call fits the rates for requests and tokens, if it comes soon enough.
Calls are spread evenly (a cell rate without burst): after idle the first goes at once, the next 1 / rate later.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] tokens  [4] requests per second  [5] tokens per second, 0 for no limit
         [6] hold: how many seconds away the moment may be
Returns  {1, wait} when reserved, {0, wait until it is worth asking again}; and the reason of a cool-down, if one is on
]]
local _, name, tokens, request_rate, token_rate, hold = unpack(ARGV)
tokens, request_rate, token_rate, hold = tonumber(tokens), tonumber(request_rate), tonumber(token_rate), tonumber(hold)
local hash = key('pace', name)
local pace = fields(hash, {'next_request', 'next_token', 'cool_until', 'reason'})
local cool_until = tonumber(pace.cool_until) or 0
local next_request = request_rate > 0 and tonumber(pace.next_request) or 0
local next_token = token_rate > 0 and tonumber(pace.next_token) or 0

local moment = math.max(NOW, cool_until, next_request, next_token)
local wait = moment - NOW
local granted = wait <= hold
if granted then
  if request_rate > 0 then redis.call('HSET', hash, 'next_request', text(moment + 1 / request_rate)) end
  if token_rate > 0 then redis.call('HSET', hash, 'next_token', text(moment + tokens / token_rate)) end
else
  wait = wait - hold
end
return {granted and 1 or 0, text(wait), cool_until > NOW and pace.reason or ''}
