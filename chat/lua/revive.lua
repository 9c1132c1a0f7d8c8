-- Create a room again that the store has lost, unless it exists or was deleted.
-- KEYS  room, members, closed
-- ARGV  number of names, name of a member..., field, value...
-- Gives 1 if it was created, else 0.
if redis.call('EXISTS', KEYS[1], KEYS[3]) > 0 then return 0 end
local names = tonumber(ARGV[1])
-- One by one: the number of arguments of a call is limited by Lua's stack.
for i = 2, names + 1 do redis.call('SADD', KEYS[2], ARGV[i]) end
redis.call('HSET', KEYS[1], unpack(ARGV, names + 2))
return 1
