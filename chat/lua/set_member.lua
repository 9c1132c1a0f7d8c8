-- Add a person to a room, or change the role of a member, or mute one.
-- KEYS  room, members, banned
-- ARGV  now ('' for the store's clock), who does it (see acting), userId and name of the person,
--       role ('' to leave it), until when muted in ms ('' to leave it)
-- Gives ADDED, CHANGED or SAME; NOTFOUND, NOTALLOWED, NOTMEMBER, OWNERSTAYS, BANNED.
local room, members, banned = unpack(KEYS)
local at, actor, id, name, role, muted_until = clock(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local private, kind, owner = unpack(redis.call('HMGET', room, 'private', 'kind', 'ownerId'))
if not private then return redis.error_reply('NOTFOUND') end
local theirs, theirs_until, called = membership(members, id)
-- The name of a member is changed by rename_member alone: this one may have been read before that.
name = called or name
local mine = acting(members, actor, private)
if not mine and private == '1' then return redis.error_reply('NOTFOUND') end
local moderates = mine == 'owner' or mine == 'moderator'
if kind == 'direct' then return redis.error_reply('NOTALLOWED') end
local may_join = actor == id and (theirs or private == '0')
if not moderates and not may_join then return redis.error_reply('NOTALLOWED') end
if not theirs and not moderates and is_banned(banned, id, at) then return redis.error_reply('BANNED') end
-- Roles are the owner's to give. Moderators mute members, the owner mutes anybody else.
if role ~= '' and role ~= (theirs or 'member') then
  if mine ~= 'owner' then return redis.error_reply('NOTALLOWED') end
  if theirs == 'owner' then return redis.error_reply('OWNERSTAYS') end
  -- Nobody is made the owner of a room that he or she does not know.
  if role == 'owner' and not theirs then return redis.error_reply('NOTMEMBER') end
end
if muted_until ~= '' and muted_until ~= (theirs_until or '0') then
  local may = mine == 'owner' and theirs ~= 'owner' or mine == 'moderator' and (theirs or 'member') == 'member'
  if not may then return redis.error_reply('NOTALLOWED') end
end
-- An owner is never muted: nobody could undo it.
if role == 'owner' then muted_until = '0' end
local record = record_of(role ~= '' and role or theirs or 'member', muted_until ~= '' and muted_until or theirs_until or 0, name)
if record == redis.call('HGET', members, id) then return 'SAME' end
if role == 'owner' and theirs ~= 'owner' then
  -- A room has one owner: the one before becomes a moderator.
  local _, before_until, before = membership(members, owner)
  if before then redis.call('HSET', members, owner, record_of('moderator', before_until, before)) end
  redis.call('HSET', room, 'ownerId', id, 'owner', name)
end
redis.call('HSET', members, id, record)
redis.call('HDEL', banned, id)
return theirs and 'CHANGED' or 'ADDED'
