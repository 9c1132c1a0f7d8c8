-- Create a room.
-- KEYS  room, members
-- ARGV  number of members, for each the userId and the record, then field, value...
local first = 2 + 2 * tonumber(ARGV[1])
redis.call('HSET', KEYS[1], unpack(ARGV, first))
redis.call('HSET', KEYS[2], unpack(ARGV, 2, first - 1))
return 1
