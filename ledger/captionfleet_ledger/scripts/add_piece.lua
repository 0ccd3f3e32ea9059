#!lua
--[[
Keep what a streaming call has said next, for whoever listens, as long as its job is in the caller's hands.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] token  [4] how many pieces of a job are kept, about  [5] for how many seconds
         [6…] field and value of the piece, in turn
Returns  1, or 0 if the lease is lost
]]
local _, id, token, most, seconds = unpack(ARGV, 1, 5)
local FIRST_FIELD = 6
local job = read_job(id)
if not holds(job, token) then return 0 end

local pieces = key('pieces', job.whole or id)
redis.call('XADD', pieces, 'MAXLEN', '~', most, '*', unpack(ARGV, FIRST_FIELD))
redis.call('EXPIRE', pieces, seconds)
return 1
