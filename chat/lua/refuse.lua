-- Note whose invitations a person refuses.
-- KEYS  the refused of the person
-- ARGV  userId of who is refused, how many there may be at the most
-- Gives 1, 0 for who is refused already, or FULL.
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 0 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 'FULL' end
return redis.call('SADD', KEYS[1], ARGV[1])
