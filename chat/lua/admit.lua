-- Make a person member of a private room; a deleted room must not get a set of members again.
-- KEYS  room, members
-- ARGV  name
-- Gives 1, or 0 if the person was a member already; NOTFOUND.
if redis.call('EXISTS', KEYS[1]) == 0 then return redis.error_reply('NOTFOUND') end
return redis.call('SADD', KEYS[2], ARGV[1])
