-- A new account, unless the name is taken.
-- KEYS  user
-- ARGV  field, value...
-- Gives 1, or 0 when the name is taken.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
