-- Remove connections whose lease has expired from the room.
-- A lease that ends later than one that begins now is from before the clock was set back: its end is set to
-- one lease from now. If the clock was set forward since the claim, the claim is over, and nothing is done.
-- KEYS  room, conns, present
-- ARGV  now ('' for the store's clock), body of QUIT, how many leases at the most,
--       end of the claim in ms, lease in ms
-- Gives the time of the room's next check in ms ('' if nobody is left), then the userIds of people who are gone.
local room, conns, present = unpack(KEYS)
local at, gone, names, more = clock(ARGV[1]), {}, {}, false
local denied = publish_denied(room)
if denied then return denied end
local latest = at + tonumber(ARGV[5])
if at <= tonumber(ARGV[4]) then
  local doubtful = redis.call('ZRANGEBYSCORE', conns, '(' .. latest, '+inf', 'LIMIT', 0, ARGV[3])
  for _, lease_id in ipairs(doubtful) do redis.call('ZADD', conns, 'XX', latest, lease_id) end
  more = #doubtful == tonumber(ARGV[3])
  local expired = redis.call('ZRANGEBYSCORE', conns, '-inf', at, 'LIMIT', 0, ARGV[3])
  gone, names = depart(conns, present, expired)
  announce(room, present, 'QUIT', at, ARGV[2], gone, names)
end
return {more and at or redis.call('ZRANGE', conns, 0, 0, 'WITHSCORES')[2] or '', unpack(gone)}
