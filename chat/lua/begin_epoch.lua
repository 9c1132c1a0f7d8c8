-- Begin a new epoch if the stream does not hold a message that has been sent: the store has lost its last
-- writes. Its numbers go on above all that were sent. Several workers may call this; the first one's epoch stays.
-- KEYS  room, stream
-- ARGV  the epoch, seq and sentAt of the message that was sent, a new epoch
-- Gives 1 if the epoch is new now, else 0.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
local seq, sent = tonumber(redis.call('HGET', KEYS[1], 'seq') or 0), tonumber(ARGV[2])
local kept = seq >= sent
if kept then
  local entry = redis.call('XRANGE', KEYS[2], '0-' .. ARGV[2], '0-' .. ARGV[2])[1]
  kept = not entry or string.match(entry[2][2], '"sentAt":(%d+)') == ARGV[3]
end
if kept then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[4])
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local stored = newest and tonumber(string.sub(newest[1], 3)) or 0
go_on_above(KEYS[1], KEYS[2], number_at(clock(''), math.max(seq, sent, stored + 1)))
return 1
