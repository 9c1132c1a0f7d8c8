-- Create a room.
-- KEYS  room, members
-- ARGV  the first member of a private room ('' for a public one), field, value...
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
if ARGV[1] ~= '' then redis.call('SADD', KEYS[2], ARGV[1]) end
return 1
