-- Note up to which number a person has read a room; it may also go back.
-- KEYS  room, stream, members, marks, spoken, edited
-- ARGV  userId, the number; and for one behind which the stream lacks messages, as read from the archive: the number up
--       to which it was archived, the ordinal of the first TALK behind the number ('' for none), and how many of the
--       person's own TALKs behind the number there are
-- Gives 1; NOMEMBERSHIP, and ONLYARCHIVED where the archive has to be asked, again if it was.
local room, stream, members, marks, spoken, edited = unpack(KEYS)
local id, seq = ARGV[1], tonumber(ARGV[2])
if redis.call('HEXISTS', members, id) == 0 then return redis.error_reply('NOMEMBERSHIP') end
local newest, said = unpack(redis.call('HMGET', room, 'seq', 'said'))
newest, said = tonumber(newest or 0), tonumber(said or 0)
local spoken_by = tonumber(redis.call('HGET', spoken, id) or 0)
if seq >= newest then
  set_mark(marks, id, newest, said, spoken_by)
  return 1
end
local trimmed, lost = missing_up_to(room)
local missing = math.max(trimmed, lost)
local _, next_n = talks_between(stream, math.max(seq, missing), newest, id, true)
local own
if seq < missing then
  local archived = tonumber(ARGV[3] or 0)
  if not ARGV[3] or trimmed > archived then return redis.error_reply('ONLYARCHIVED') end
  -- One of those that were counted may have been deleted since.
  local changes = changes_of(stream, edited, seq + 1, archived, archived)
  for i = 2, #changes, 2 do
    if string.find(changes[i], '{"type":"DELETE"', 1, true) == 1 then return redis.error_reply('ONLYARCHIVED') end
  end
  next_n = tonumber(ARGV[4]) or next_n
  own = spoken_by - tonumber(ARGV[5]) - talks_between(stream, archived, newest, id)
else
  local before, _, before_own = mark_of(marks, id)
  if before >= missing and math.abs(before - seq) < newest - seq then
    -- What lies between the two numbers is less than what follows the new one.
    local between = talks_between(stream, math.min(before, seq), math.max(before, seq), id)
    own = before_own + (seq > before and between or -between)
  else
    own = spoken_by - talks_between(stream, seq, newest, id)
  end
end
set_mark(marks, id, seq, next_n and next_n - 1 or said, own)
return 1
