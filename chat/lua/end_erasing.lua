-- A person is erased, unless more was wanted meanwhile.
-- KEYS  erasing, what is noted about it
-- ARGV  userId, what stood there
-- Gives 1, or 0 where something else stands there now.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
return 1
