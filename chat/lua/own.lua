-- Note that a person owns one more room, unless the limit is reached.
-- KEYS  the rooms that the person owns
-- ARGV  room id, how many at the most (0 for any number)
-- Gives 1, or 0 if the limit is reached.
local most = tonumber(ARGV[2])
if most > 0 and redis.call('SCARD', KEYS[1]) >= most then return 0 end
redis.call('SADD', KEYS[1], ARGV[1])
return 1
