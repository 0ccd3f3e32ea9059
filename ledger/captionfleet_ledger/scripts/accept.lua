#!lua
--[[
Write a new job, or say what became of it.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] nonce, new for each request, so that a repeated request knows its own job
         [4] fingerprint of the body  [5] the job as JSON  [6] queue  [7] tenant  [8] lane  [9] metadata as JSON
         [10] start_by  [11] finish_by  [12] store_days  [13] model, each '' when not set
Returns  {'created' | 'known', state} or {'conflict'}
]]
local _, id, nonce, fingerprint, body, queue, tenant, lane, metadata, start_by, finish_by, store_days, model = unpack(ARGV)
local job = {id = id, key = key('job', id), queue = queue, accepted_at = text(NOW), start_by = start_by, finish_by = finish_by}

local known = fields(job.key, {'fingerprint', 'nonce', 'state'})
if known.fingerprint then
  if known.fingerprint ~= fingerprint then return {'conflict'} end
  -- Written once more: `WAIT` waits for what its own connection has written.
  redis.call('HSET', job.key, 'fingerprint', fingerprint)
  return {known.nonce == nonce and 'created' or 'known', known.state}
end

redis.call('HSET', job.key, 'job', body, 'fingerprint', fingerprint, 'nonce', nonce, 'queue', queue, 'tenant', tenant,
  'lane', lane, 'metadata', metadata, 'accepted_at', job.accepted_at, 'attempts', 0, 'crashes', 0, 'messages', 1)
for name, value in pairs({start_by = start_by, finish_by = finish_by, store_days = store_days, model = model}) do
  if value ~= '' then redis.call('HSET', job.key, name, value) end
end
redis.call('ZADD', key('jobs'), job.accepted_at, id)
move(job, 'queued')
if deadline(job) then look('job:' .. id, deadline(job)) end
return {'created', 'queued'}
