-- Call the sender of a room's newest message otherwise, if that is this person.
-- KEYS  room
-- ARGV  userId, name
-- Gives 1, or 0 if it is somebody else.
if redis.call('HGET', KEYS[1], 'saidById') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'saidBy', ARGV[2])
return 1
