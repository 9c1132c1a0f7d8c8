-- Renew leases. Where there is none any more none is made: the connection may have left just before. No lease is
-- renewed for a person who may not be in the room any more.
-- KEYS  room, conns, members, banned
-- ARGV  now ('' for the store's clock), lease in ms, the epoch that the worker knows, lease id...
-- Gives the ids of those that are there no more, and of those whose person may not be in the room.
local room, conns, members, banned = unpack(KEYS)
local at = clock(ARGV[1])
local ends, private, epoch = at + tonumber(ARGV[2]), unpack(redis.call('HMGET', room, 'private', 'epoch'))
-- In another epoch the store has lost who belongs to the room: to an open one everybody may belong.
local may_be_lost = private == '0' and epoch ~= ARGV[3]
local without, removed = {}, {}
for i = 4, #ARGV do
  local lease_id = ARGV[i]
  local id = person_of(lease_id)
  local is_member = redis.call('HEXISTS', members, id) == 1
  local is_out = private and not is_member and not (may_be_lost and not is_banned(banned, id, at))
  if is_out then
    removed[#removed + 1] = lease_id
  elseif redis.call('ZSCORE', conns, lease_id) then
    redis.call('ZADD', conns, 'XX', ends, lease_id)
  else
    without[#without + 1] = lease_id
  end
end
return {without, removed}
