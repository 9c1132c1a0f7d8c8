-- Edit, delete or react to a message. The change is an entry of its own in the stream, so that everybody
-- receives changes and messages in one order. A deleted message is also erased, with its edits. A message that is not
-- in the stream any more is changed by what the caller has read of it in the archive, and the changes since.
-- KEYS  as for append, always with the account, then deleted and marks
-- ARGV  as for append up to the epoch, then the seq of the message, 1 if an admin deletes it, 2 if its sender is being
--       erased (no right is asked for), else 0, and for a reaction the emoji and 1 or 0 for on or off. Everybody may
--       react, and the sender may edit and delete a message; the room's owner and moderators may delete any, and in all
--       but direct rooms admins. Then whom the new text may mention, and for a message from the archive the number up to
--       which it was archived, its sender's userId, its ordinal, how often it was edited, whom it mentions (JSON), and
--       the reactions to it, each '<emoji>\0<userId>'
-- Gives what append gives; what append refuses, and NOMESSAGE, NOTYOURS, TOOMANYEDITS, TOOMANYREACTIONS; ONLYARCHIVED
-- where the archive has to be asked, again if it was.
-- At most: edits of one message, emoji of one person under it, and different emoji under it.
local MOST_EDITS, MOST_OF_ONE, MOST_DIFFERENT = 1000, 10, 50
local room, stream, conns, present, members, banned, sent, erased, edited, reactions, unarchived, spoken, mentions,
  names, control, account, deleted, marks = unpack(KEYS)
local at, kind, sender, ref = clock(ARGV[1]), ARGV[2], ARGV[4], ARGV[9]
local fields = fields_of(room)
local erases, refused, record = ARGV[10] == '2', nil, nil
if not erases then
  refused, record = no_speech(fields, members, conns, banned, ARGV[6], sender, at, account)
elseif not fields[1] then
  refused = redis.error_reply('NOTFOUND')
end
if refused then return refused end
local what = kind .. ' ' .. ref
if kind == 'REACT' then what = what .. ' ' .. ARGV[11] .. ' ' .. ARGV[12] end
local before = remembered(sent, what)
if before then return before end
local target = redis.call('XRANGE', stream, '0-' .. ref, '0-' .. ref)[1]
local said = target and cjson.decode(target[2][2])
-- Of a message from the archive: its number of edits, and who has put which emoji under it.
local edits, reacted
local trimmed, lost = missing_up_to(room)
if tonumber(ref) <= lost or not said and tonumber(ref) <= trimmed then
  -- What was trimmed since the archive was read may be a change of it.
  if not ARGV[14] or trimmed > tonumber(ARGV[14]) then return redis.error_reply('ONLYARCHIVED') end
  said, edits, reacted = {type = 'TALK', senderId = ARGV[15], n = tonumber(ARGV[16])}, tonumber(ARGV[17]), {}
  said.mentions = cjson.decode(ARGV[18])
  for i = 19, #ARGV do reacted[ARGV[i]] = true end
  local since = changes_of(stream, edited, tonumber(ref), tonumber(ref), tonumber(ARGV[14]))
  for i = 2, #since, 2 do
    local change = cjson.decode(since[i])
    if change.type == 'DELETE' then return redis.error_reply('NOMESSAGE') end
    if change.type == 'EDIT' then edits, said.mentions = edits + 1, change.mentions end
    if change.type == 'REACT' then reacted[change.emoji .. '\0' .. change.senderId] = change.on or nil end
  end
end
if not said or said.type ~= 'TALK' then return redis.error_reply('NOMESSAGE') end
-- It is too old, and is about to be removed from the archive (forget.lua).
if tonumber(ref) <= tonumber(redis.call('HGET', room, 'expired') or 0) then return redis.error_reply('NOMESSAGE') end
local role = record and string.match(record, '^%a+')
local as_admin = ARGV[10] == '1' and role_in_maru(account) == 'admin' and redis.call('HGET', room, 'kind') ~= 'direct'
local moderates = kind == 'DELETE' and (role == 'owner' or role == 'moderator' or as_admin)
local may = kind == 'REACT' or said.senderId == sender or moderates or erases
if not may then return redis.error_reply('NOTYOURS') end

if kind == 'EDIT' and (edits or redis.call('ZCOUNT', edited, ref, ref)) >= MOST_EDITS then
  return redis.error_reply('TOOMANYEDITS')
end
-- A reaction has three entries: by message and userId, by message and emoji, and one for each different emoji.
local place, emoji = string.format('%016d', ref), ARGV[11]
local by_person = place .. 'p' .. sender .. '\0'
local by_emoji = kind == 'REACT' and place .. 'e' .. emoji .. '\0'
local function noted(prefix) return redis.call('ZLEXCOUNT', reactions, '[' .. prefix, '[' .. prefix .. '\255') end
if kind == 'REACT' and reacted then
  local own, of_emoji, emojis, different = 0, 0, {}, 0
  for reaction in pairs(reacted) do
    local given, by = string.match(reaction, '^(.-)%z(.*)$')
    if by == sender then own = own + 1 end
    if given == emoji then of_emoji = of_emoji + 1 end
    if not emojis[given] then emojis[given], different = true, different + 1 end
  end
  local fits = own < MOST_OF_ONE and (of_emoji > 0 or different < MOST_DIFFERENT)
  if ARGV[12] == '1' and not reacted[emoji .. '\0' .. sender] and not fits then
    return redis.error_reply('TOOMANYREACTIONS')
  end
elseif kind == 'REACT' and ARGV[12] == '1' and not redis.call('ZSCORE', reactions, by_person .. emoji) then
  local fits = noted(by_person) < MOST_OF_ONE and (noted(by_emoji) > 0 or noted(place .. 'd') < MOST_DIFFERENT)
  if not fits then return redis.error_reply('TOOMANYREACTIONS') end
  redis.call('ZADD', reactions, 0, by_person .. emoji, 0, by_emoji .. sender, 0, place .. 'd' .. emoji)
elseif kind == 'REACT' and ARGV[12] == '0' then
  redis.call('ZREM', reactions, by_person .. emoji, by_emoji .. sender)
  if noted(by_emoji) == 0 then redis.call('ZREM', reactions, place .. 'd' .. emoji) end
end

-- Whom the message mentions until now, and whom after an edit.
local mentioned_before, mentioned, called = said.mentions or {}, {}, nil
if kind == 'EDIT' or kind == 'DELETE' then
  local last = 0
  for _, number in ipairs(redis.call('ZRANGEBYSCORE', edited, ref, ref)) do last = math.max(last, tonumber(number)) end
  local id = '0-' .. string.format('%.0f', last)
  local edit = last > 0 and redis.call('XRANGE', stream, id, id)[1]
  if edit then mentioned_before = cjson.decode(edit[2][2]).mentions or {} end
  mentioned, called = mentioned_by(ARGV[13], names, members)
end
local seq, _, count, payload = append({room, stream, present, erased, edited, reactions, unarchived, spoken}, fields,
  kind, at, with_mentions(ARGV[3], mentioned, called), sender, ARGV[5], ARGV[8])
remember(sent, what, seq, at, count, ARGV[7])
if kind ~= 'DELETE' then
  redis.call('ZADD', edited, kind == 'EDIT' and ref or ref + 0.5, seq)
else
  note_deleted(room, deleted, spoken, marks, said.n, said.senderId)
  local erasing = redis.call('ZRANGEBYSCORE', edited, ref, ref)
  erasing[#erasing + 1] = ref
  for _, gone in ipairs(erasing) do
    if redis.call('XDEL', stream, '0-' .. gone) == 1 then redis.call('ZADD', erased, gone, gone) end
  end
  redis.call('ZREMRANGEBYSCORE', edited, ref, ref)
  redis.call('ZADD', edited, ref + 0.5, seq)
  redis.call('ZREMRANGEBYLEX', reactions, '[' .. place, '[' .. place .. '\255')
end
local people = {}
if #mentioned_before + #mentioned > 0 and (kind == 'EDIT' or kind == 'DELETE') then
  forget_mentions(mentions, {{said.n, ref, said.senderId, mentioned_before}})
  local all = note_mentions(mentions, members, present, mentioned, {said.n, ref, at}, sender)
  local were = {}
  for _, id in ipairs(mentioned_before) do were[id] = true end
  -- Who was mentioned already is not told again.
  for _, id in ipairs(all) do
    if not were[id] and not were.all and not were.here then people[#people + 1] = id end
  end
end
redis.call('PUBLISH', room, payload)
tell_mentioned(control, people, room, ref, sender, ARGV[5])
return {1, seq, at, count}
