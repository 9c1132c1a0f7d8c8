-- Block an inviter: the person refuses further invitations.
-- KEYS  the blocked inviters of the person
-- ARGV  userId of the inviter, how many there may be at the most
-- Gives 1, 0 for one who is blocked already, or FULL.
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 0 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 'FULL' end
return redis.call('SADD', KEYS[1], ARGV[1])
