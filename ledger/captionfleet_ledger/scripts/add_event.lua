#!lua flags=allow-oom
--[[
Write an event to publish, whatever has become of its job: what was paid for after a job's end, or by one who had lost it.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] grace for publishing  [4] event id  [5] routing key  [6] body
Returns  1
]]
local _, id, grace, event, routing_key, body = unpack(ARGV)
write_event(event, routing_key, body, id, grace)
return 1
