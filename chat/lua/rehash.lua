-- Store a new hash of the same password, unless the password has been changed meanwhile.
-- KEYS  account
-- ARGV  the old hash, the new one
-- Gives 1, or 0 if the stored hash is not the old one any more.
if redis.call('HGET', KEYS[1], 'password') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'password', ARGV[2])
return 1
