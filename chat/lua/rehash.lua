-- Put another hash of the same password in place, unless the password has been changed meanwhile.
-- KEYS  user
-- ARGV  the hash as it was, the new one
-- Gives 1, or 0 when it is another one by now.
if redis.call('HGET', KEYS[1], 'password') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'password', ARGV[2])
return 1
