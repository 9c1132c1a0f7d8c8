-- Note up to where a room's stream is archived, and trim it: behind that number only.
-- KEYS  room, stream, erased, edited, reactions, unarchived
-- ARGV  the epoch, the number up to which it is archived, how many entries stay in any case
-- Gives 1 if all is archived now, else 0. Changes nothing in another epoch.
local room, stream, erased, edited, reactions, unarchived = unpack(KEYS)
local archived = tonumber(ARGV[2])
local epoch, newest = unpack(redis.call('HMGET', room, 'epoch', 'seq'))
if not epoch then
  redis.call('ZREM', unarchived, id_of(room))
  return 0
end
if epoch ~= ARGV[1] then return 0 end
newest = tonumber(newest or 0)
local is_all = newest <= archived
if is_all then
  redis.call('ZREM', unarchived, id_of(room))
  redis.call('HDEL', room, 'unarchived')
else
  local next_one = redis.call('XRANGE', stream, '0-' .. archived + 1, '+', 'COUNT', 1)[1]
  local at = next_one and string.match(next_one[2][2], '"sentAt":(%d+)')
  redis.call('HSET', room, 'unarchived', 1)
  redis.call('ZADD', unarchived, at or 0, id_of(room))
end
-- At most so many entries are not archived; fewer, where some were deleted or numbers left out.
local kept = math.max(tonumber(ARGV[3]), newest - archived)
-- In whole blocks of the stream: nearly always there is none to trim, and nothing is looked through.
if redis.call('XTRIM', stream, 'MAXLEN', '~', kept) > 0 then trim(room, stream, erased, edited, reactions) end
return is_all and 1 or 0
