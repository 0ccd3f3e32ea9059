#!lua flags=no-writes
--[[
What holds up the calls of an account, for a fleet that asks for no permits.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] the model's name  [3] limit of the account
Returns  {seconds of a cool-down, not positive when none is on, its reason, fault of an open breaker or '', 1 if calls have
         failed since the account answered last, 1 if jobs stand in line}
]]
local _, model, limit = unpack(ARGV)
local pace = fields(key('pace', limit), {'cool_until', 'reason', 'fault'})
return {
  text((tonumber(pace.cool_until) or 0) - NOW),
  pace.reason or '',
  pace.fault or '',
  redis.call('EXISTS', key('failing', limit)),
  redis.call('EXISTS', key('lines', model)),
}
