-- Let a person into a private room; in one that is being deleted nothing is left behind.
-- KEYS  room, members
-- ARGV  name
-- Gives 1, or 0 when that was a member already; NOTFOUND.
if redis.call('EXISTS', KEYS[1]) == 0 then return redis.error_reply('NOTFOUND') end
return redis.call('SADD', KEYS[2], ARGV[1])
