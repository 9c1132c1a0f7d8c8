-- The changes under way that no worker carries on: their workers have ended. Also those that began later than now:
-- the clock was set back since.
-- KEYS  changes under way, by the time in ms at which each began
-- ARGV  now ('' for the store's clock), ms after which a change is abandoned
-- Gives their members.
local at = clock(ARGV[1])
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', at - ARGV[2])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. at, '+inf')) do found[#found + 1] = member end
return found
