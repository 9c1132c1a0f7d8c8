-- A connection was lost: its lease ends after the grace, if not sooner.
-- KEYS  conns
-- ARGV  now ('' for the store's clock), grace in ms, connection
-- Gives when that is, in ms.
local ends = clock(ARGV[1]) + tonumber(ARGV[2])
redis.call('ZADD', KEYS[1], 'XX', 'LT', ends, ARGV[3])
return ends
