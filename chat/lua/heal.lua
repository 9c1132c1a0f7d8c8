-- The archive has messages of a room that the store may have lost: note up to which number, so that pages have them, and
-- begin a new epoch, so that everybody reads the room anew. Messages go on above all that the archive knows.
-- What was lost is counted again, so that what is unread stays exact.
-- KEYS  room, stream, erased, deleted, spoken, marks, mentions, members
-- ARGV  the highest number that the archive knows, 12 characters for a new epoch of the same life, and '' or what the
--       archive knows of what was lost (JSON, see Recorder.lost): with '' nothing is changed
-- Gives 1, and the ordinal of the last TALK that the store has not lost, if it has lost some; 0 if it has or had that
-- number, or this was noted before.
local room, stream, erased, deleted, spoken, marks, mentions, members = unpack(KEYS)
local seq, epoch, lost, trimmed = unpack(redis.call('HMGET', room, 'seq', 'epoch', 'lost', 'trimmed'))
local highest, newest = tonumber(ARGV[1]), tonumber(seq or 0)
local known = math.max(tonumber(lost or 0), tonumber(trimmed or 0))
if not seq or known >= highest or redis.call('ZSCORE', erased, ARGV[1]) then return {0} end
if #redis.call('XRANGE', stream, '0-' .. ARGV[1], '0-' .. ARGV[1]) > 0 then return {0} end
-- The first TALK since then that is there, and the numbers of those messages that were deleted since.
local next_seq, next_n, gone, start = nil, nil, {}, '(0-' .. ARGV[1]
repeat
  local entries = redis.call('XRANGE', stream, start, '+', 'COUNT', 100)
  for _, entry in ipairs(entries) do
    local stored = entry[2][2]
    local kind = string.match(stored, '^{"type":"(%u+)"')
    if kind == 'TALK' and not next_seq then
      next_seq, next_n = tonumber(string.sub(entry[1], 3)), tonumber(string.match(stored, '"n":(%d+)'))
    elseif kind == 'DELETE' then
      gone[#gone + 1] = cjson.decode(stored).ref
    end
  end
  start = #entries > 0 and '(' .. entries[#entries][1]
until not start
local before = next_n and next_n - 1 or tonumber(redis.call('HGET', room, 'said') or 0)
for _, ref in ipairs(gone) do
  if ref > highest and (not next_seq or ref < next_seq) then before = before - 1 end
end
if ARGV[3] == '' then return {1, before} end
local lost_of = cjson.decode(ARGV[3])
for _, number in ipairs(lost_of.erased) do
  -- The store has lost the deletion alone.
  local id = '0-' .. string.format('%.0f', number)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  local talk = entry and cjson.decode(entry[2][2])
  if talk and talk.type == 'TALK' then
    redis.call('XDEL', stream, id)
    redis.call('ZADD', erased, number, string.format('%.0f', number))
    note_deleted(room, deleted, spoken, marks, talk.n, talk.senderId)
    forget_mentions(mentions, {{talk.n, number, talk.senderId, talk.mentions or {}}})
  end
end
local more = math.max(0, lost_of.last - before)
-- What was said since then comes behind what was lost.
for _, n in ipairs(redis.call('ZRANGEBYSCORE', deleted, '(' .. before, '+inf')) do
  redis.call('ZREM', deleted, n)
  redis.call('ZADD', deleted, n + more, n + more)
end
local all_marks = redis.call('HGETALL', marks)
for i = 1, #all_marks, 2 do
  local read, n, own = mark_of(marks, all_marks[i])
  if read > highest then set_mark(marks, all_marks[i], read, n + more, own + (lost_of.spoken[all_marks[i]] or 0)) end
end
for _, n in ipairs(lost_of.missing) do redis.call('ZADD', deleted, n, n) end
for id, number in pairs(lost_of.spoken) do redis.call('HINCRBY', spoken, id, number) end
for _, talk in ipairs(lost_of.mentioning) do
  note_mentions(mentions, members, nil, talk.mentions, {talk.n, talk.seq, talk.sentAt}, talk.senderId)
end
redis.call('HINCRBY', room, 'said', more)
redis.call('HINCRBY', room, 'deleted', #lost_of.missing)
if newest <= highest then
  newest = number_at(clock(''), highest + 1)
  go_on_above(room, stream, newest)
end
-- All behind the first number after the lost ones is there.
local following = redis.call('XRANGE', stream, '0-' .. ARGV[1], '+', 'COUNT', 1)[1]
lost = following and string.sub(following[1], 3) - 1 or newest
redis.call('HSET', room, 'lost', lost, 'epoch', string.sub(epoch, 1, -13) .. ARGV[2])
return {1, before}
