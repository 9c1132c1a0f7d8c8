-- Messages of a room are too old: remove them from the stream, with what was done to them, and count them no more.
-- Again does no harm.
-- KEYS  room, stream, erased, edited, reactions, deleted, spoken, marks
-- ARGV  of each of these messages its number, its ordinal and its sender's userId, in ascending order
-- Gives 1; 0 for a room that does not exist.
local room, stream, erased, edited, reactions, deleted, spoken, marks = unpack(KEYS)
if redis.call('EXISTS', room) == 0 then return 0 end
local last = tonumber(ARGV[#ARGV - 2])
local expired, forgotten = unpack(redis.call('HMGET', room, 'expired', 'forgotten'))
expired, forgotten = tonumber(expired or 0), tonumber(forgotten or 0)

local gone = 0
for i = 1, #ARGV, 3 do
  local ref, n = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  -- Those up to 'expired' were counted before, and deleted ones when they were deleted.
  if ref > expired then
    if not redis.call('ZSCORE', deleted, ARGV[i + 1]) then
      count_no_more(spoken, marks, n, ARGV[i + 2])
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
  local is_edit = tonumber(changes[i + 1]) % 1 == 0
  if is_edit and redis.call('XDEL', stream, '0-' .. changes[i]) == 1 then
    redis.call('ZADD', erased, changes[i], changes[i])
  end
end
redis.call('ZREMRANGEBYSCORE', edited, '-inf', last + 0.5)
redis.call('ZREMRANGEBYLEX', reactions, '-', string.format('(%016.0f', last + 1))
redis.call('XTRIM', stream, 'MINID', string.format('0-%.0f', last + 1))
redis.call('HSET', room, 'trimmed', string.format('%.0f', math.max(last, (missing_up_to(room)))))
trim(room, stream, erased, edited, reactions)
return 1
