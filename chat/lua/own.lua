-- Note that an account owns one more room, unless it owns too many.
-- KEYS  the rooms that it owns
-- ARGV  room id, how many at the most (0 for any number)
-- Gives 1, or 0 when it owns too many.
local most = tonumber(ARGV[2])
if most > 0 and redis.call('SCARD', KEYS[1]) >= most then return 0 end
redis.call('SADD', KEYS[1], ARGV[1])
return 1
