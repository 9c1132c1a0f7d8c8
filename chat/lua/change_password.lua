-- Store another password; all earlier log-ins end with it. Not if they have ended meanwhile by themselves.
-- KEYS  account, sources
-- ARGV  generation as it was read, hash of the new password
-- Gives the new generation; 0 if the account is deactivated or has another generation now.
local generation, off = unpack(redis.call('HMGET', KEYS[1], 'generation', 'deactivatedAt'))
if off or (generation or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'password', ARGV[2])
redis.call('DEL', KEYS[2])
return redis.call('HINCRBY', KEYS[1], 'generation', 1)
