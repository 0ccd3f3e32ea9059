#!lua flags=no-writes
--[[
The fields of a part, as HMGET gives those of a job. What is asked for is told by its whole job.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] part's id  [3] field of the whole job  [4…] the part's own fields
Returns  the values in this order
]]
local hash = key('job', ARGV[2])
local whole = redis.call('HGET', hash, 'whole')
return {
  whole and redis.call('HGET', key('job', whole), ARGV[3]),
  unpack(redis.call('HMGET', hash, unpack(ARGV, 4))),
}
