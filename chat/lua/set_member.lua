-- Add a person to a room, or change the role of a member, or mute one.
-- KEYS  room, members, banned, account of who does it, and of the person the rooms, the blocked inviters, the inviters
--       the owned rooms and the account, the owned rooms of the owner as read before, marks, spoken
-- ARGV  now ('' for the store's clock), who does it (see rights_in), userId and name of the person,
--       role ('' to leave it), until when muted in ms ('' to leave it),
--       how many rooms the person may own (0 for any number)
-- Gives ADDED, CHANGED or SAME; NOTFOUND, GUEST, NOTALLOWED, NOTMEMBER, OWNERSTAYS, BANNED, BLOCKED, DEACTIVATED,
-- GUESTOWNER, TOOMANYROOMS.
local room, members, banned, account, rooms_of, blocked, inviters, owned, of_person, owned_before = unpack(KEYS)
local marks, spoken = unpack(KEYS, 11)
local at, actor, id, name, role, muted_until = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local rights = rights_in(room, members, account, actor)
if rights.refused then return rights.refused end
local mine = rights.role
local theirs, theirs_until, called = membership(members, id)
-- The name of a member is changed by rename_member alone: this one may have been read before that.
name = called or name
if rights.kind == 'direct' then return redis.error_reply('NOTALLOWED') end
local may_join = actor == id and (theirs or rights.private == '0')
if not rights.moderates and not may_join then return redis.error_reply('NOTALLOWED') end
if not theirs and not rights.moderates and is_banned(banned, id, at) then return redis.error_reply('BANNED') end
-- Checked here: the worker may have read the blocked inviters before this one was added.
local by = string.match(actor, '^%*?(.*)$')
if not theirs and by ~= id and redis.call('SISMEMBER', blocked, by) == 1 then return redis.error_reply('BLOCKED') end
-- The person may have been deactivated or deleted since the worker looked.
if redis.call('HEXISTS', of_person, 'deactivatedAt') == 1 then return redis.error_reply('DEACTIVATED') end
-- The owner alone gives roles. A moderator mutes plain members, the owner mutes everybody but the owner.
if role ~= '' and role ~= (theirs or 'member') then
  if mine ~= 'owner' then return redis.error_reply('NOTALLOWED') end
  if theirs == 'owner' then return redis.error_reply('OWNERSTAYS') end
  -- A new owner has to be a member already.
  if role == 'owner' and not theirs then return redis.error_reply('NOTMEMBER') end
  -- A guest could neither manage it nor give it back.
  if role == 'owner' and role_in_maru(of_person) == 'guest' then return redis.error_reply('GUESTOWNER') end
  local most = tonumber(ARGV[7])
  local is_full = role == 'owner' and most > 0 and redis.call('SCARD', owned) >= most
  if is_full then return redis.error_reply('TOOMANYROOMS') end
end
if muted_until ~= '' and muted_until ~= (theirs_until or '0') then
  local may = mine == 'owner' and theirs ~= 'owner' or mine == 'moderator' and (theirs or 'member') == 'member'
  if not may then return redis.error_reply('NOTALLOWED') end
end
-- An owner is never muted, since nobody could undo that.
if role == 'owner' then muted_until = '0' end
local record = record_of(role ~= '' and role or theirs or 'member', muted_until ~= '' and muted_until or theirs_until or 0, name)
-- Also for a person who is a member already: an earlier version may have left the room out of the list.
add_to_own_rooms(rooms_of, room, at)
if record == redis.call('HGET', members, id) then return 'SAME' end
if role == 'owner' and theirs ~= 'owner' then
  -- A room has one owner: the one before becomes a moderator.
  local _, before_until, before = membership(members, rights.owner)
  if before then redis.call('HSET', members, rights.owner, record_of('moderator', before_until, before)) end
  redis.call('HSET', room, 'ownerId', id, 'owner', name)
  redis.call('SREM', owned_before, id_of(room))
  redis.call('SADD', owned, id_of(room))
end
redis.call('HSET', members, id, record)
redis.call('HDEL', banned, id)
if not theirs and by == id then mark_all(room, marks, spoken, id) end
-- In the same step: a person who ends the membership at once can block the inviter.
if not theirs and by ~= id then redis.call('HSET', inviters, id_of(room), by) end
return theirs and 'CHANGED' or 'ADDED'
