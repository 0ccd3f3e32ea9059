#!lua flags=allow-oom
-- with rates
--[[
Correct a permit's estimate by what the call really used, and learn from it what calls use. A call that was answered ends a
fault that was found before it began.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit  [3] the permit's moment  [4] tokens by estimate  [5] tokens used
         [6] tokens per second, 0 for no limit  [7] seconds of audio  [8] tokens of the audio, or ''  [9] all others, or ''
         [10] the model's name  [11] the job
Returns  1 if a breaker was open and others stand in line
]]
local _, name, moment, expected, used, limit, seconds, audio, others, model, job = unpack(ARGV)
local FORGETS = 0.98
local hash = key('pace', name)
local pace = rates.read(name)
local delta = used - expected
local rate = rates.of(pace, 'tokens', tonumber(limit))

if rate > 0 then
  redis.call('HSET', hash, 'next_token', text(math.max(pace.next_token or NOW, NOW) + delta / rate))
end
rates.spend(name, 'tokens', tonumber(moment), delta)
if audio ~= '' and tonumber(seconds) > 0 then
  redis.call('HSET', hash,
    'audio_seconds', text(FORGETS * (pace.audio_seconds or 0) + seconds),
    'audio_tokens', text(FORGETS * (pace.audio_tokens or 0) + audio),
    'output_tokens', text(pace.output_tokens and FORGETS * pace.output_tokens + (1 - FORGETS) * others or others))
end
if pace.strikes and tonumber(moment) >= (pace.cool_until or 0) then redis.call('HINCRBY', hash, 'answered', 1) end
rates.learn_slowness(name, pace, tonumber(seconds), math.max(0, NOW - moment))
local closed = rates.answer(name, pace, job, tonumber(moment))
return closed and redis.call('EXISTS', key('lines', model)) or 0
