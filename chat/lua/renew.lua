-- Renew leases. A connection without a lease does not get one: it may have left just before. No lease is
-- renewed for a person who is not a member of the private room any more.
-- KEYS  room, conns, members
-- ARGV  now ('' for the store's clock), lease in ms, connection...
-- Gives the connections without a lease, and those whose person is no member.
local ends = clock(ARGV[1]) + tonumber(ARGV[2])
local private = redis.call('HGET', KEYS[1], 'private') == '1'
local without, removed = {}, {}
for i = 3, #ARGV do
  if private and redis.call('SISMEMBER', KEYS[3], person(ARGV[i])) == 0 then
    removed[#removed + 1] = ARGV[i]
  elseif redis.call('ZSCORE', KEYS[2], ARGV[i]) then
    redis.call('ZADD', KEYS[2], 'XX', ends, ARGV[i])
  else
    without[#without + 1] = ARGV[i]
  end
end
return {without, removed}
