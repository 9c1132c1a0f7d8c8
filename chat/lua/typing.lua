-- Publish that a person in the room is typing.
-- KEYS  room, conns, members, banned
-- ARGV  now ('' for the store's clock), userId, lease id, the event as JSON
-- Gives 1; what append refuses.
local room, conns, members, banned = unpack(KEYS)
local refused = no_speech(fields_of(room), members, conns, banned, ARGV[3], ARGV[2], clock(ARGV[1]))
if refused then return refused end
redis.call('PUBLISH', room .. ':typing', ARGV[4])
return 1
