#!lua flags=allow-oom
-- with outgoing
--[[
Give a webhook delivery that is due to a holder, and take it out of its line. The attempt is counted before the work.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] delivery id  [3] new token  [4] lease in seconds
Returns  {job id, event id, url, body, attempt}, or an empty list when it is unknown, not due, held or at an end
]]
local _, id, token, lease = unpack(ARGV)
local hash = key('delivery', id)
local delivery = fields(hash, {'state', 'due_at', 'token', 'lease_until'})

local function is_free()
  return tonumber(delivery.due_at) <= NOW and (tonumber(delivery.lease_until) or 0) <= NOW
end

leave_line(id)
if delivery.state ~= 'pending' then return {} end
-- The same token again is the same request again: its answer was lost on the way.
if delivery.token ~= token then
  if not is_free() then return {} end
  redis.call('HINCRBY', hash, 'attempts', 1)
  redis.call('HSET', hash, 'token', token, 'lease_until', text(NOW + lease))
  look('delivery:' .. id, NOW + lease)
end
return redis.call('HMGET', hash, 'job_id', 'event_id', 'url', 'body', 'attempts')
