-- Publish that a person in the room is typing.
-- KEYS  room, conns, members
-- ARGV  name, connection, the event as JSON
-- Gives 1; NOTFOUND, NOTJOINED.
local refused = refusal(redis.call('HGET', KEYS[1], 'private'), KEYS[2], KEYS[3], ARGV[2], ARGV[1])
if refused then return refused end
redis.call('PUBLISH', KEYS[1] .. ':typing', ARGV[3])
return 1
