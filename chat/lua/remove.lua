-- Remove a person from a room, with all connections, and ban the person if so wished. REMOVED is published on
-- the room's channel before any later message, so that no worker sends such a message to that person.
-- KEYS  room, conns, present, members, banned, account of who does it, marks, and of the person the rooms, levels,
--       starred rooms and inviters
-- ARGV  now ('' for the store's clock), who does it (see rights_in), userId of the person,
--       body of QUIT, body of REMOVED, until when the person is banned in ms ('' for no ban, 0 for good),
--       for how long in ms at least nobody who was taken out of an open room can come back
-- Gives 1, or 0 if that person was no member; NOTFOUND, GUEST, NOTALLOWED, OWNERSTAYS.
local room, conns, present, members, banned, account = unpack(KEYS)
local at, actor, id, ban = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[6]
local rights = rights_in(room, members, account, actor)
if rights.refused then return rights.refused end
local mine = rights.role
local theirs, muted_until, name = membership(members, id)
if actor ~= id or ban ~= '' then
  local may = mine == 'owner' or mine == 'moderator' and (not theirs or theirs == 'member')
  if not may or rights.kind == 'direct' then return redis.error_reply('NOTALLOWED') end
end
if theirs == 'owner' then return redis.error_reply('OWNERSTAYS') end
local denied = publish_denied(room)
if denied then return denied end
if not theirs and ban == '' then return 0 end
if rights.private == '0' and ban ~= '0' then
  -- A worker that does not receive REMOVED removes the person when it renews leases: the ban lasts until then.
  local held = actor ~= id and at + tonumber(ARGV[7]) or 0
  -- A muted person must not end the mute by ending the membership and joining again.
  ban = math.max(tonumber(ban) or 0, held, tonumber(muted_until or 0))
  ban = ban > at and string.format('%.0f', ban) or ''
end
-- Bans of others that are over are deleted, a few at a time, so that they do not pile up.
for _, other in ipairs(redis.call('HRANDFIELD', banned, 20)) do
  if not is_banned(banned, other, at) then redis.call('HDEL', banned, other) end
end
if ban ~= '' then redis.call('HSET', banned, id, ban) end
local gone = theirs and depart(conns, present, lease_ids_of(conns, id)) or {}
if theirs then
  redis.call('HDEL', members, id)
  delete_membership({unpack(KEYS, 7)}, id, id_of(room))
end
local count = announce(room, present, 'QUIT', at, ARGV[4], gone, {[id] = name})
-- Also for a person who was no member: by REMOVED the workers know that the room has bans, and check who joins.
local body = string.gsub(ARGV[5], '{(%a+)}', {name = name or id, id = id})
redis.call('PUBLISH', room, stamp('REMOVED', count, at, body))
return theirs and 1 or 0
