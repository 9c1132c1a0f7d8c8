-- Create a room again that the store has lost, unless it exists or was deleted. Its numbers go on above the lost ones.
-- KEYS  room, members, closed, stream, the lists of rooms (see add_to_all_rooms), rooms that the owner owns, then the rooms
--       of each member
-- ARGV  twice the number of members, for each the userId and the record, 1 or 0 for a direct room, when the room was made
--       in ms, number of entries of its name, entry..., field, value...
-- Gives 1 if it was created, else 0.
local room, members, closed, stream = unpack(KEYS, 1, 4)
if redis.call('EXISTS', room, closed) > 0 then return 0 end
local people, next = parse_list(ARGV, 1)
local entries, rest = parse_list(ARGV, next + 2)
-- One by one: the number of arguments of a call is limited by Lua's stack.
for i = 1, #people, 2 do redis.call('HSET', members, people[i], people[i + 1]) end
redis.call('HSET', room, unpack(ARGV, rest))
go_on_above(room, stream, number_at(clock(''), 0))
for i = 9, #KEYS do add_to_own_rooms(KEYS[i], room, clock('')) end
if ARGV[next] == '1' then
  redis.call('SADD', KEYS[8], id_of(room))
  add_to_all_rooms({unpack(KEYS, 5, 7)}, room, ARGV[next + 1], entries)
end
return 1
