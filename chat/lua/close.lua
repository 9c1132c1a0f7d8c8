-- Delete a room, and publish CLOSE as its last message. In the same step it is gone from the lists of rooms. Nobody
-- deletes a direct room: it has no owner, and what is said there is the others' too.
-- KEYS  room, closed, stream, conns, present, members, banned, erased, edited, reactions, deleted, spoken, marks,
--       mentions, then the account of who does it, the lists of rooms (see add_to_all_rooms), occupied, unarchived,
--       unpurged, and the rooms that the owner owns
-- ARGV  now ('' for the store's clock), body of CLOSE, seconds to remember that it was closed, who does it (see
--       rights_in; '' where nobody is left in a private room: the account is then that of its owner, and deleted),
--       entries of its name...
-- Gives the userIds of the members; NOTFOUND, GUEST, NOTALLOWED for all but the owner.
local OF_ROOM = 14
local room, closed, stream, conns, present, members = unpack(KEYS)
local account, rooms, open, names, occupied, unarchived, unpurged, owned = unpack(KEYS, OF_ROOM + 1)
if ARGV[4] ~= '' then
  local rights = rights_in(room, members, account, ARGV[4])
  if rights.refused then return rights.refused end
  if rights.role ~= 'owner' then return redis.error_reply('NOTALLOWED') end
else
  local kind = redis.call('HGET', room, 'kind')
  if not kind then return redis.error_reply('NOTFOUND') end
  local is_gone = redis.call('HEXISTS', account, 'deletedAt') == 1
  if kind ~= 'private' or not is_gone then return redis.error_reply('NOTALLOWED') end
end
local denied = publish_denied(room)
if denied then return denied end
local seq = tonumber(redis.call('HGET', room, 'seq') or 0) + 1
local body = stamp('CLOSE', redis.call('HLEN', present), clock(ARGV[1]), ARGV[2])
local closing = '{"seq":' .. seq .. ',' .. string.sub(body, 2)
local ids = redis.call('HKEYS', members)
redis.call('UNLINK', unpack(KEYS, 1, OF_ROOM))
redis.call('SET', closed, closing, 'EX', ARGV[3])
for _, list in ipairs({rooms, open, occupied, unarchived}) do redis.call('ZREM', list, id_of(room)) end
for i = 5, #ARGV do redis.call('ZREM', names, ARGV[i]) end
redis.call('SREM', owned, id_of(room))
redis.call('SADD', unpurged, id_of(room))
redis.call('PUBLISH', room, closing)
return ids
