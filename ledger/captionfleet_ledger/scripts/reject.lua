#!lua flags=allow-oom
--[[
Note that a message about a job could not be read, so that whoever asks for the job learns it; once for the same reason.
A job that exists is left alone: anybody may send anything under its id. Nothing here is looked at by a sweep but what
has to be told, and all of it ends by itself.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] job id  [3] digest of what is said  [4] the result as JSON
         [5] for how many seconds it is kept  [6] how many are kept in a shard
         [7] grace for publishing and delivering
         [8] delivery id or ''  [9] webhook address  [10] for how many seconds the delivery is kept
         [11…] event id, routing key and body of the event, or nothing
Returns  'rejected', 'known' or 'job'
]]
local _, id, digest, result, seconds, most, grace, delivery, url, delivery_seconds, event, routing_key, body = unpack(ARGV)
local hash = key('rejected', id)
local all = key('rejections')

-- The oldest make room, whatever somebody sends.
local function keep_few()
  local count = redis.call('ZCARD', all)
  if count <= tonumber(most) then return end
  local oldest = redis.call('ZRANGE', all, 0, count - tonumber(most) - 1)
  for _, old in ipairs(oldest) do
    redis.call('DEL', key('rejected', old))
    redis.call('ZREM', all, old)
  end
end

local function write_delivery()
  local pending = key('delivery', delivery)
  if redis.call('EXISTS', pending) == 1 then return end
  redis.call('HSET', pending, 'job_id', id, 'event_id', event, 'url', url, 'body', body, 'state', 'pending',
    'due_at', text(NOW), 'attempts', 0, 'offers', 0)
  redis.call('EXPIRE', pending, delivery_seconds)
  redis.call('RPUSH', key('deliveries', id), delivery)
  redis.call('EXPIRE', key('deliveries', id), delivery_seconds)
  look('delivery:' .. delivery, NOW + grace)
end

if redis.call('EXISTS', key('job', id)) == 1 then return 'job' end
local is_known = redis.call('HGET', hash, 'digest') == digest
if not is_known then redis.call('HSET', hash, 'digest', digest, 'result', result) end
redis.call('ZADD', all, text(NOW), id)
redis.call('EXPIRE', hash, seconds)
redis.call('EXPIRE', all, seconds)
if is_known then return 'known' end
keep_few()
if event then write_event(event, routing_key, body, id, grace) end
if delivery ~= '' then write_delivery() end
return 'rejected'
