#!lua
--[[
Write a new job, or say what became of it.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] nonce, new for each request, so that a repeated request knows its own job
         [4] fingerprint of the body  [5] the job as JSON  [6] queue  [7] tenant  [8] lane  [9] metadata as JSON
         [10] start_by  [11] finish_by  [12] store_days  [13] model  [14] '1' for a quote, each '' when not set
Returns  {'created' | 'known', state} or {'conflict'}
]]
local _, id, nonce, fingerprint = unpack(ARGV)
local hash = key('job', id)

local known = fields(hash, {'fingerprint', 'nonce', 'state'})
if known.fingerprint then
  if known.fingerprint ~= fingerprint then return {'conflict'} end
  -- Written once more: `WAIT` waits for what its own connection has written.
  redis.call('HSET', hash, 'fingerprint', fingerprint)
  return {known.nonce == nonce and 'created' or 'known', known.state}
end

local job = write_job(id, text(NOW), unpack(ARGV, 3))
move(job, 'queued')
make_ready(job)
if deadline(job) then look('job:' .. id, deadline(job)) end
return {'created', 'queued'}
