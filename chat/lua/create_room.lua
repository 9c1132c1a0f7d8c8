-- Make a room.
-- KEYS  room, members
-- ARGV  its only member so far ('' for a room that everybody may enter), field, value...
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
if ARGV[1] ~= '' then redis.call('SADD', KEYS[2], ARGV[1]) end
return 1
