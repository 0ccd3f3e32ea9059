#!lua flags=allow-oom
--[[
End a pause in one shard, and make the jobs that it has parked due at once, in the order in which they were parked.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] scope  [3] who ends it: 'operator' ends any, 'account_fault' only its own
         [4] at home: the event's id, elsewhere ''  [5] its routing key  [6] its body  [7] grace for publishing in seconds
Returns  1 if a pause has ended, else 0
]]
local _, scope, by, event, routing_key, body, grace = unpack(ARGV)
local PAGE = 500
local parked = key('parked', scope)

local function wake_all()
  while true do
    local page = redis.call('ZPOPMIN', parked, PAGE)
    if #page == 0 then return end
    local due = {}
    for place = 1, #page, 2 do
      due[place], due[place + 1] = page[place + 1], 'job:' .. page[place]
    end
    redis.call('ZADD', key('due'), 'XX', unpack(due))
  end
end

local known = redis.call('HGET', key('pauses'), scope)
if not known then return 0 end
if by ~= 'operator' and cjson.decode(known).by ~= by then return 0 end
redis.call('HDEL', key('pauses'), scope)
wake_all()
if event ~= '' then
  redis.call('DEL', key('probe', scope))
  write_event(event, routing_key, body, scope, grace)
end
return 1
