#!lua flags=no-writes
--[[
What calls of a model have turned out to use and to be allowed.

KEYS     [1] the shard's prefix
ARGV     [1] time  [2] name of the limit
Returns  {seconds of audio, their tokens, other tokens of a call, requests per second found, tokens per second found},
         '' where nothing is known
]]
local names = {'audio_seconds', 'audio_tokens', 'output_tokens', 'found_requests', 'found_tokens'}
local known = fields(key('pace', ARGV[2]), names)
local reply = {}
for index, name in ipairs(names) do reply[index] = known[name] or '' end
return reply
