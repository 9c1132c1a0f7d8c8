-- Messages of a room are too old: remove them from the stream, with what was done to them, and count them no more.
-- Again does no harm.
-- KEYS  room, stream, erased, edited, reactions, deleted, spoken, marks, mentions
-- ARGV  of each of these messages its number, its ordinal, its sender's userId and whom it mentions (JSON, or '' for
--       nobody), in ascending order
-- Gives 1; 0 for a room that does not exist.
local room, stream, erased, edited, reactions, deleted, spoken, marks, mentions = unpack(KEYS)
if redis.call('EXISTS', room) == 0 then return 0 end
local last = tonumber(ARGV[#ARGV - 3])
local expired, forgotten = unpack(redis.call('HMGET', room, 'expired', 'forgotten'))
expired, forgotten = tonumber(expired or 0), tonumber(forgotten or 0)

local gone, mentioning, places = 0, {}, {}
for i = 1, #ARGV, 4 do
  local ref, n, sender = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), ARGV[i + 2]
  places[ref] = {n, sender}
  if ARGV[i + 3] ~= '' then mentioning[#mentioning + 1] = {n, ref, sender, cjson.decode(ARGV[i + 3])} end
  -- Those up to 'expired' were counted before, and deleted ones when they were deleted.
  if ref > expired then
    if not redis.call('ZSCORE', deleted, ARGV[i + 1]) then
      count_no_more(spoken, marks, n, sender)
      gone = gone + 1
    end
    forgotten = math.max(forgotten, n)
  end
end
redis.call('HINCRBY', room, 'deleted', gone)
redis.call('HSET', room, 'expired', string.format('%.0f', math.max(expired, last)), 'forgotten',
  string.format('%.0f', forgotten))
redis.call('ZREMRANGEBYSCORE', deleted, '-inf', string.format('%.0f', forgotten))
-- Their edits may be newer than what is kept.
local changes = redis.call('ZRANGEBYSCORE', edited, '-inf', last + 0.5, 'WITHSCORES')
for i = 1, #changes, 2 do
  local id, ref = '0-' .. changes[i], tonumber(changes[i + 1])
  local edit = ref % 1 == 0 and redis.call('XRANGE', stream, id, id)[1]
  if edit then
    -- The archive may not have it yet.
    local mentioned = cjson.decode(edit[2][2]).mentions
    local n, sender = unpack(places[ref] or {})
    if mentioned and n then mentioning[#mentioning + 1] = {n, ref, sender, mentioned} end
    redis.call('XDEL', stream, id)
    redis.call('ZADD', erased, changes[i], changes[i])
  end
end
forget_mentions(mentions, mentioning)
redis.call('ZREMRANGEBYSCORE', edited, '-inf', last + 0.5)
redis.call('ZREMRANGEBYLEX', reactions, '-', string.format('(%016.0f', last + 1))
redis.call('XTRIM', stream, 'MINID', string.format('0-%.0f', last + 1))
redis.call('HSET', room, 'trimmed', string.format('%.0f', math.max(last, (missing_up_to(room)))))
trim(room, stream, erased, edited, reactions)
return 1
