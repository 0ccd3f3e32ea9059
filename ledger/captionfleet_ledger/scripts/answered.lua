#!lua flags=allow-oom
-- with rates
--[[
A call that had no permit was answered: a fault that was found before it began has ended.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] the model's name  [3] limit of the account  [4] the job  [5] when the call began
Returns  1 if the breaker was open and others stand in line
]]
local _, model, limit, job, began = unpack(ARGV)
local closed = rates.answer(limit, rates.read(limit), job, tonumber(began))
return closed and redis.call('EXISTS', key('lines', model)) or 0
