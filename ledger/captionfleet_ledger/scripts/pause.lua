#!lua flags=allow-oom
--[[
Note a pause in one shard. The shard of the scope's name is its home, which says whether the pause is new.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] scope  [3] by: 'operator' or 'account_fault'  [4] the pause as JSON
         [5] at home: the event's id, elsewhere ''  [6] its routing key  [7] its body  [8] grace for publishing in seconds
         [9] seconds until the first probe
Returns  1 if the pause is new, 0 if one was on already; an operator's replaces one that has another reason to be
]]
local _, scope, by, pause, event, routing_key, body, grace, first_probe = unpack(ARGV)
local known = redis.call('HGET', key('pauses'), scope)
if known then
  local was = cjson.decode(known)
  if was.by == by or by == 'account_fault' then return 0 end
end
redis.call('HSET', key('pauses'), scope, pause)
if event ~= '' then
  redis.call('DEL', key('probe', scope))
  if by == 'account_fault' then
    redis.call('HSET', key('probe', scope), 'at', text(NOW + first_probe), 'delay', first_probe)
  end
  write_event(event, routing_key, body, scope, grace)
end
return 1
