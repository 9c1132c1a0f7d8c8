-- Renew leases. Who has none is not let in: it may have left while this was on its way.
-- KEYS  conns
-- ARGV  now ('' for the store's clock), lease in ms, connection...
-- Gives the connections that have no lease.
local ends = clock(ARGV[1]) + tonumber(ARGV[2])
local without = {}
for i = 3, #ARGV do
  if redis.call('ZSCORE', KEYS[1], ARGV[i]) then
    redis.call('ZADD', KEYS[1], 'XX', ends, ARGV[i])
  else
    without[#without + 1] = ARGV[i]
  end
end
return without
