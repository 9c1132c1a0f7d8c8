-- Create a room.
-- KEYS  room, members, account of who does it, then the rooms of each member
-- ARGV  number of members, for each the userId and the record, then field, value...
-- Gives 1; GUEST.
local room, members, account = unpack(KEYS, 1, 3)
if role_in_maru(account) == 'guest' then return redis.error_reply('GUEST') end
local first = 2 + 2 * tonumber(ARGV[1])
redis.call('HSET', room, unpack(ARGV, first))
redis.call('HSET', members, unpack(ARGV, 2, first - 1))
for i = 4, #KEYS do list_room(KEYS[i], room, clock('')) end
return 1
