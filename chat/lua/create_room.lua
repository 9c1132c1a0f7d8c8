-- Create a room, unless its owner owns too many. In the same step it is counted for the owner and put into the lists of
-- rooms, so that a worker that is killed leaves no room that nobody finds.
-- KEYS  room, members, account of the owner, rooms that the owner owns, the lists of rooms (see add_to_all_rooms), rooms of
--       the owner
-- ARGV  how many rooms the owner may own (0 for any number), userId and record of the owner, when the room was made in
--       ms, number of entries of its name, entry..., field, value...
-- Gives 1, or 0 if the owner owns so many rooms already; GUEST.
local room, members, account, owned = unpack(KEYS, 1, 4)
if role_in_maru(account) == 'guest' then return redis.error_reply('GUEST') end
local most = tonumber(ARGV[1])
if most > 0 and redis.call('SCARD', owned) >= most then return 0 end
local entries, rest = parse_list(ARGV, 5)
redis.call('HSET', room, unpack(ARGV, rest))
redis.call('HSET', members, ARGV[2], ARGV[3])
redis.call('SADD', owned, id_of(room))
add_to_own_rooms(KEYS[8], room, clock(''))
add_to_all_rooms({unpack(KEYS, 5, 7)}, room, ARGV[4], entries)
return 1
