-- Create a room again that the store has lost, unless it exists or was deleted.
-- KEYS  room, members, closed, then the rooms of each member
-- ARGV  number of members, for each the userId and the record, then field, value...
-- Gives 1 if it was created, else 0.
local room, members, closed = unpack(KEYS, 1, 3)
if redis.call('EXISTS', room, closed) > 0 then return 0 end
local first = 2 + 2 * tonumber(ARGV[1])
-- One by one: the number of arguments of a call is limited by Lua's stack.
for i = 2, first - 1, 2 do redis.call('HSET', members, ARGV[i], ARGV[i + 1]) end
redis.call('HSET', room, unpack(ARGV, first))
for i = 4, #KEYS do list_room(KEYS[i], room, clock('')) end
return 1
