-- Create a room again that the store has lost, unless it exists or was deleted.
-- KEYS  room, members, closed
-- ARGV  number of members, for each the userId and the record, then field, value...
-- Gives 1 if it was created, else 0.
if redis.call('EXISTS', KEYS[1], KEYS[3]) > 0 then return 0 end
local first = 2 + 2 * tonumber(ARGV[1])
-- One by one: the number of arguments of a call is limited by Lua's stack.
for i = 2, first - 1, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], unpack(ARGV, first))
return 1
