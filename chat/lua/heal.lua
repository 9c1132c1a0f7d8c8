-- The archive has messages of a room that the store may have lost: note up to which number, so that pages have them, and
-- begin a new epoch, so that everybody reads the room anew. Messages go on above all that the archive knows.
-- KEYS  room, stream, erased
-- ARGV  the highest number that the archive knows, and 12 characters for a new epoch of the same life
-- Gives 1 if the store has lost some; 0 if it has or had that number, or this was noted before.
local room, stream, erased = unpack(KEYS)
local seq, epoch, lost, trimmed = unpack(redis.call('HMGET', room, 'seq', 'epoch', 'lost', 'trimmed'))
local highest, newest = tonumber(ARGV[1]), tonumber(seq or 0)
local known = math.max(tonumber(lost or 0), tonumber(trimmed or 0))
if not seq or known >= highest or redis.call('ZSCORE', erased, ARGV[1]) then return 0 end
if #redis.call('XRANGE', stream, '0-' .. ARGV[1], '0-' .. ARGV[1]) > 0 then return 0 end
if newest <= highest then
  newest = number_at(clock(''), highest + 1)
  go_on_above(room, stream, newest)
end
-- All behind the first number after the lost ones is there.
local following = redis.call('XRANGE', stream, '0-' .. ARGV[1], '+', 'COUNT', 1)[1]
lost = following and string.sub(following[1], 3) - 1 or newest
redis.call('HSET', room, 'lost', lost, 'epoch', string.sub(epoch, 1, -13) .. ARGV[2])
return 1
