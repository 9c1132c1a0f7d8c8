-- Create the direct room of a group of people, unless they have one.
-- KEYS  room, members, account of who does it, direct, the room that was noted for the group as read (the new one for
--       none), then of each of the people the account, the rooms, the blocked inviters and the inviters
-- ARGV  the group, the id of the room that was noted as read ('' for none), userId of who does it, twice the number of
--       people, for each the userId and the record, then field, value...
-- Gives 1, or 0 where they have one by now; GUEST, DEACTIVATED, and BLOCKED where one of them takes no invitations from
-- who does it.
local room, members, account, direct, before = unpack(KEYS, 1, 5)
local group, noted, by = unpack(ARGV, 1, 3)
if role_in_maru(account) == 'guest' then return redis.error_reply('GUEST') end
local is_another = (redis.call('HGET', direct, group) or '') ~= noted
if is_another or redis.call('EXISTS', before) == 1 then return 0 end
local people, rest = parse_list(ARGV, 4)
for i = 6, #KEYS, 4 do
  if redis.call('HEXISTS', KEYS[i], 'deactivatedAt') == 1 then return redis.error_reply('DEACTIVATED') end
  if redis.call('SISMEMBER', KEYS[i + 2], by) == 1 then return redis.error_reply('BLOCKED') end
end
redis.call('HSET', room, unpack(ARGV, rest))
redis.call('HSET', members, unpack(people))
for i = 1, #people, 2 do
  local first = 6 + (i - 1) / 2 * 4
  local rooms_of, _, inviters = unpack(KEYS, first + 1, first + 3)
  add_to_own_rooms(rooms_of, room, clock(''))
  if people[i] ~= by then redis.call('HSET', inviters, id_of(room), by) end
end
redis.call('HSET', direct, group, id_of(room))
return 1
