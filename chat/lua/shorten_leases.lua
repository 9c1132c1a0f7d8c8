-- Connections were lost: shorten their leases to the grace.
-- KEYS  conns
-- ARGV  now ('' for the store's clock), grace in ms, lease id...
-- Gives the time of that end in ms.
local ends = clock(ARGV[1]) + tonumber(ARGV[2])
for i = 3, #ARGV do redis.call('ZADD', KEYS[1], 'XX', 'LT', ends, ARGV[i]) end
return ends
