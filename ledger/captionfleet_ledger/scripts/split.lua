#!lua flags=allow-oom
--[[
Let a job wait for its parts, and write those that are not there yet. The attempt does not count. If all of them have
ended meanwhile, the job is queued at once. Ends the lease.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] token  [4] progress  [5] grace for sending in seconds
         [6…] id and description of each part, in turn; none to go on waiting for those that are there
Returns  {'lost'}, or {'split', id and queue in turn of the jobs whose messages the caller sends}
]]
local _, id, token, progress, grace = unpack(ARGV, 1, 5)
local FIRST_PART = 6
local COPIED = {'tenant', 'lane', 'metadata', 'model'}
local job = read_job(id)

local function write_part(part, description)
  local child = {id = part, key = key('job', part), queue = job.queue, parent = id, finish_by = job.finish_by,
    tenant = job.tenant}
  if redis.call('EXISTS', child.key) == 1 then return end
  redis.call('HSET', child.key, 'part', description, 'parent', id, 'whole', job.whole or id, 'queue', job.queue,
    'accepted_at', job.accepted_at, 'attempts', 0, 'crashes', 0, 'messages', 1)
  if job.finish_by then redis.call('HSET', child.key, 'finish_by', job.finish_by) end
  for name, value in pairs(fields(job.key, COPIED)) do redis.call('HSET', child.key, name, value) end
  redis.call('RPUSH', key('parts', id), part)
  redis.call('SADD', key('open', id), part)
  move(child, 'queued')
  look('job:' .. part, no_later_than_deadline(child, NOW + grace))
end

local function give_up_lease()
  redis.call('HDEL', job.key, 'token', 'holder', 'lease_until')
  redis.call('HSET', job.key, 'progress', progress, 'split', token, 'given_back', token)
  redis.call('HINCRBY', job.key, 'attempts', -1)
end

local function to_send()
  local found = {'split'}
  local function append_if_queued(one)
    if redis.call('HGET', key('job', one), 'state') ~= 'queued' then return end
    found[#found + 1] = one
    found[#found + 1] = job.queue
  end
  append_if_queued(id)
  for place = FIRST_PART, #ARGV, 2 do append_if_queued(ARGV[place]) end
  return found
end

if not job then return {'lost'} end
-- The same token again is the same request again: its answer was lost on the way.
if redis.call('HGET', job.key, 'split') ~= token then
  if not holds(job, token) then return {'lost'} end
  for place = FIRST_PART, #ARGV, 2 do write_part(ARGV[place], ARGV[place + 1]) end
  give_up_lease()
  if has_open_parts(id) then await_parts(job) else queue_again(job, grace) end
end
return to_send()
