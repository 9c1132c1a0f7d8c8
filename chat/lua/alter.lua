-- Edit, delete or react to a message. The change is an entry of its own in the stream, so that everybody
-- receives changes and messages in one order. A deleted message is also erased, with its edits.
-- KEYS  as for append, always with the account
-- ARGV  as for append, then the seq of the message, 1 if an admin deletes it, else 0, and for a reaction the emoji
--       and 1 or 0 for on or off. Everybody may react, and the sender may edit and delete a message; the room's
--       owner and moderators may delete any, and in all but direct rooms admins.
-- Gives what append gives; what append refuses, and NOMESSAGE, NOTYOURS, TOOMANYEDITS, TOOMANYREACTIONS.
-- At most: edits of one message, emoji of one person under it, and different emoji under it.
local MOST_EDITS, MOST_OF_ONE, MOST_DIFFERENT = 1000, 10, 50
local room, stream, conns, present, members, banned, sent, erased, edited, reactions, account = unpack(KEYS)
local at, kind, sender, ref = clock(ARGV[1]), ARGV[2], ARGV[4], ARGV[10]
local fields = fields_of(room)
local refused, record = no_speech(fields, members, conns, banned, ARGV[6], sender, at, account)
if refused then return refused end
local what = kind .. ' ' .. ref
if kind == 'REACT' then what = what .. ' ' .. ARGV[12] .. ' ' .. ARGV[13] end
local before = remembered(sent, what)
if before then return before end
local target = redis.call('XRANGE', stream, '0-' .. ref, '0-' .. ref)[1]
local said = target and cjson.decode(target[2][2])
if not said or said.type ~= 'TALK' then return redis.error_reply('NOMESSAGE') end
local role = record and string.match(record, '^%a+')
local as_admin = ARGV[11] == '1' and role_in_maru(account) == 'admin' and redis.call('HGET', room, 'kind') ~= 'direct'
local moderates = kind == 'DELETE' and (role == 'owner' or role == 'moderator' or as_admin)
local may = kind == 'REACT' or said.senderId == sender or moderates
if not may then return redis.error_reply('NOTYOURS') end

if kind == 'EDIT' and redis.call('ZCOUNT', edited, ref, ref) >= MOST_EDITS then
  return redis.error_reply('TOOMANYEDITS')
end
-- A reaction has three entries: by message and userId, by message and emoji, and one for each different emoji.
local place, emoji = string.format('%016d', ref), ARGV[12]
local by_person = place .. 'p' .. sender .. '\0'
local by_emoji = kind == 'REACT' and place .. 'e' .. emoji .. '\0'
local function noted(prefix) return redis.call('ZLEXCOUNT', reactions, '[' .. prefix, '[' .. prefix .. '\255') end
if kind == 'REACT' and ARGV[13] == '1' and not redis.call('ZSCORE', reactions, by_person .. emoji) then
  local fits = noted(by_person) < MOST_OF_ONE and (noted(by_emoji) > 0 or noted(place .. 'd') < MOST_DIFFERENT)
  if not fits then return redis.error_reply('TOOMANYREACTIONS') end
  redis.call('ZADD', reactions, 0, by_person .. emoji, 0, by_emoji .. sender, 0, place .. 'd' .. emoji)
elseif kind == 'REACT' and ARGV[13] == '0' then
  redis.call('ZREM', reactions, by_person .. emoji, by_emoji .. sender)
  if noted(by_emoji) == 0 then redis.call('ZREM', reactions, place .. 'd' .. emoji) end
end

local seq, _, count, payload = append({room, stream, present, erased, edited, reactions}, fields, kind, at,
  ARGV[3], sender, ARGV[5], ARGV[7], ARGV[9])
remember(sent, what, seq, at, count, ARGV[8])
if kind == 'EDIT' then
  redis.call('ZADD', edited, ref, seq)
elseif kind == 'DELETE' then
  redis.call('HINCRBY', room, 'deleted', 1)
  local erasing = redis.call('ZRANGEBYSCORE', edited, ref, ref)
  erasing[#erasing + 1] = ref
  for _, gone in ipairs(erasing) do
    if redis.call('XDEL', stream, '0-' .. gone) == 1 then redis.call('ZADD', erased, gone, gone) end
  end
  redis.call('ZREMRANGEBYSCORE', edited, ref, ref)
  redis.call('ZREMRANGEBYLEX', reactions, '[' .. place, '[' .. place .. '\255')
end
redis.call('PUBLISH', room, payload)
return {1, seq, at, count}
