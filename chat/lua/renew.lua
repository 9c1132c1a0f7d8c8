-- Renew leases. A connection without a lease does not get one: it may have left just before. No lease is
-- renewed for a person who may not be in the room any more.
-- KEYS  room, conns, members, banned
-- ARGV  now ('' for the store's clock), lease in ms, the epoch that the worker knows, connection...
-- Gives the connections without a lease, and those whose person may not be in the room.
local room, conns, members, banned = unpack(KEYS)
local at = clock(ARGV[1])
local ends, private, epoch = at + tonumber(ARGV[2]), unpack(redis.call('HMGET', room, 'private', 'epoch'))
-- In another epoch the store has lost who belongs to the room: to an open one everybody may belong.
local may_be_lost = private == '0' and epoch ~= ARGV[3]
local without, removed = {}, {}
for i = 4, #ARGV do
  local id = person_of(ARGV[i])
  local is_member = redis.call('HEXISTS', members, id) == 1
  local is_out = private and not is_member and not (may_be_lost and not is_banned(banned, id, at))
  if is_out then
    removed[#removed + 1] = ARGV[i]
  elseif redis.call('ZSCORE', conns, ARGV[i]) then
    redis.call('ZADD', conns, 'XX', ends, ARGV[i])
  else
    without[#without + 1] = ARGV[i]
  end
end
return {without, removed}
