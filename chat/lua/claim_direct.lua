-- Note which room is the direct room of a group of people, unless another worker was first.
-- KEYS  direct
-- ARGV  the group, the room that was noted for it as read ('' for none), the new room
-- Gives 1, or 0 where another room is noted.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
