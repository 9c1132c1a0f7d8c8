-- Remove a person from a room, with all connections, and ban the person if so wished. REMOVED is published on
-- the room's channel before any later message, so that no worker sends such a message to that person.
-- KEYS  room, conns, present, members, banned
-- ARGV  now ('' for the store's clock), who does it (see acting), userId of the person,
--       body of QUIT, body of REMOVED, until when the person is banned in ms ('' for no ban, 0 for good),
--       for how long in ms at least nobody who was taken out of an open room can come back
-- Gives 1, or 0 if that person was no member; NOTFOUND, NOTALLOWED, OWNERSTAYS.
local room, conns, present, members, banned = unpack(KEYS)
local at, actor, id, ban = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[6]
local private, kind = unpack(redis.call('HMGET', room, 'private', 'kind'))
if not private then return redis.error_reply('NOTFOUND') end
local theirs, muted_until, name = membership(members, id)
local mine = acting(members, actor, private)
if not mine and private == '1' then return redis.error_reply('NOTFOUND') end
if actor ~= id or ban ~= '' then
  local may = mine == 'owner' or mine == 'moderator' and (not theirs or theirs == 'member')
  if not may or kind == 'direct' then return redis.error_reply('NOTALLOWED') end
end
if theirs == 'owner' then return redis.error_reply('OWNERSTAYS') end
local denied = untold(room)
if denied then return denied end
if not theirs and ban == '' then return 0 end
if private == '0' and ban ~= '0' then
  -- Workers that do not hear of the removal notice it when they renew leases: until then the person stays out.
  local held = actor ~= id and at + tonumber(ARGV[7]) or 0
  -- Nobody leaves and comes back in order to speak although muted.
  ban = math.max(tonumber(ban) or 0, held, tonumber(muted_until or 0))
  if ban <= at then ban = '' end
end
for _, other in ipairs(redis.call('HKEYS', banned)) do
  if not is_banned(banned, other, at) then redis.call('HDEL', banned, other) end
end
if ban ~= '' then redis.call('HSET', banned, id, ban) end
if not theirs then return 0 end
local connections = {}
for _, connection in ipairs(redis.call('ZRANGE', conns, 0, -1)) do
  if person_of(connection) == id then connections[#connections + 1] = connection end
end
local gone = depart(conns, present, connections)
redis.call('HDEL', members, id)
local count = announce(room, present, 'QUIT', at, ARGV[4], gone, {[id] = name})
redis.call('PUBLISH', room, stamp('REMOVED', count, at, (string.gsub(ARGV[5], '{(%a+)}', {name = name, id = id}))))
return 1
