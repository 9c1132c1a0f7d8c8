-- A page of TALKs as they read now: each with its newest edit and the reactions to it.
-- KEYS  room, stream, edited, reactions
-- ARGV  'XRANGE' or 'XREVRANGE', the first and the last id in that direction, TALKs and bytes at most, and how many
--       entries one call reads beyond those TALKs, so that the store soon gets to other work, and 1 if an earlier call
--       has found some of the page, else 0: then no TALK is given that the bytes left have no room for
-- Gives the room's epoch and seq, 1 if more follow in that direction or 0, 1 if it is encrypted, the id from which
-- another call has to read on ('' if the page is complete), the number up to which messages were trimmed and that up to
-- which some were lost (see missing_up_to), then for each TALK its id, what is stored, a list of its newest edit (of the newest MOST_EDITS in an encrypted room, whose readers decide which of them count) with id and
-- what is stored, and the reactions: a list of '<emoji>\0<userId>'; NOTFOUND.
local MOST_EDITS = 20
-- A reaction counts for so many bytes, about: the userId and its part of the emoji.
local REACTION_BYTES = 20
local room, stream, edited, reactions = unpack(KEYS)
local known = redis.call('HMGET', room, 'epoch', 'seq', 'encrypted')
if not known[1] then return redis.error_reply('NOTFOUND') end
local command, start, stop = ARGV[1], ARGV[2], ARGV[3]
local talks, room_for, further = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local any_edited = redis.call('EXISTS', edited) == 1
local any_reactions = redis.call('EXISTS', reactions) == 1
local is_begun = ARGV[7] == '1'
local answer, found, size = {known[1], known[2] or '0', 0, known[3] or '0', '', missing_up_to(room)}, 0, 0

-- Gives the edits, and how many bytes they add to the message. In an encrypted room the newest of them is its text, too.
local function edits_of(ref)
  local numbers = redis.call('ZRANGEBYSCORE', edited, ref, ref)
  for i, number in ipairs(numbers) do numbers[i] = tonumber(number) end
  table.sort(numbers)
  local found, bytes = {}, 0
  local is_sealed = known[3] == '1'
  for i = math.max(1, #numbers - (is_sealed and MOST_EDITS or 1) + 1), #numbers do
    local id = '0-' .. numbers[i]
    local entry = redis.call('XRANGE', stream, id, id)[1]
    if entry then
      found[#found + 1], found[#found + 2] = id, entry[2][2]
      bytes = bytes + #entry[2][2] * (is_sealed and i == #numbers and 2 or 1)
    end
  end
  return found, bytes
end

local function reactions_to(ref)
  local prefix = string.format('%016de', ref)
  local given = redis.call('ZRANGEBYLEX', reactions, '[' .. prefix, '[' .. prefix .. '\255')
  for i, member in ipairs(given) do given[i] = string.sub(member, #prefix + 1) end
  return given
end

-- The first read is enough if there are only TALKs; one entry more shows whether more follow.
for _, count in ipairs({talks + 1, further}) do
  local entries = redis.call(command, stream, start, stop, 'COUNT', count)
  for _, entry in ipairs(entries) do
    local stored = entry[2][2]
    if string.sub(stored, 1, 14) == '{"type":"TALK"' then
      if found == talks then
        answer[3] = 1
        return answer
      end
      local ref = tonumber(string.sub(entry[1], 3))
      local edits, reacted, bytes = {}, {}, 0
      if any_edited then edits, bytes = edits_of(ref) end
      if any_reactions then reacted = reactions_to(ref) end
      size = size + #stored + bytes + REACTION_BYTES * #reacted
      if size > room_for and (found > 0 or is_begun) then
        answer[3] = 1
        return answer
      end
      found = found + 1
      answer[#answer + 1] = entry[1]
      answer[#answer + 1] = stored
      answer[#answer + 1] = edits
      answer[#answer + 1] = reacted
    end
  end
  if #entries < count then return answer end
  start = '(' .. entries[#entries][1]
end
answer[5] = start
return answer
