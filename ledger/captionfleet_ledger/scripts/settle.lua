#!lua flags=allow-oom
--[[
End a job: store the outcome, write the events to publish and the webhook delivery to make, end the lease.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id
         [3] by what right: 'lease' (with the token in [4]), 'cancel' (anything that has not ended),
             'expire' (not running, and its deadline has passed)
         [4] token or ''  [5] state  [6] result as JSON without its caption  [7] caption or ''  [8] failure code or ''
         [9] retention in seconds if the job has none of its own  [10] grace for publishing and delivering in seconds
         [11] delivery id or ''  [12] webhook address
         [13] digest of right and outcome, so that a repeated request knows its own settlement  [14…] event id, routing key and body of each event, in turn,
         the caption's own first
Returns  'settled', 'unknown', 'final' or 'refused'
]]
local _, id, right, token, state, result, caption, failure, retention, grace, delivery, url, digest =
  unpack(ARGV, 1, 13)
local FIRST_EVENT = 14
-- The failure that puts a job into the dead set, where it waits for a person.
local DEAD = 'poisoned'
local job = read_job(id)

local MAY = {
  lease = function() return holds(job, token) end,
  cancel = function() return true end,
  expire = function() return job.state ~= 'running' and overdue(job) end,
}

local function keeps_caption() return job.store_days ~= '0' end

local function store_outcome()
  move(job, state)
  redis.call('HDEL', job.key, 'token', 'holder', 'lease_until', 'due_at', 'reason')
  redis.call('HSET', job.key, 'result', result, 'failure', failure, 'settlement', digest)
  if failure == DEAD and not job.quote then redis.call('ZADD', key('dead'), job.accepted_at, id) end
  if caption ~= '' and keeps_caption() then redis.call('HSET', job.key, 'caption', caption) end
  local days = tonumber(job.store_days) or 0
  look('job:' .. id, NOW + (days > 0 and days * 86400 or retention))
end

local function write_outbox()
  for index = FIRST_EVENT, #ARGV, 3 do
    write_event(ARGV[index], ARGV[index + 1], ARGV[index + 2], id, grace)
  end
end

local function write_delivery()
  redis.call('HSET', key('delivery', delivery), 'job_id', id, 'event_id', ARGV[FIRST_EVENT], 'url', url,
    'body', ARGV[FIRST_EVENT + 2], 'state', 'pending', 'due_at', text(NOW), 'attempts', 0, 'offers', 0)
  redis.call('RPUSH', key('deliveries', id), delivery)
  look('delivery:' .. delivery, NOW + grace)
end

if not job then return 'unknown' end
if right == 'lease' and job.settlement == digest then
  -- Written once more: `WAIT` waits for what its own connection has written.
  redis.call('HSET', job.key, 'settlement', digest)
  return 'settled'
end
if FINAL[job.state] then return 'final' end
if not MAY[right]() then return 'refused' end
store_outcome()
write_outbox()
if delivery ~= '' then write_delivery() end
return 'settled'
