-- Count events that a worker has already allowed, in a leaky bucket as in throttle.lua. The time of writing
-- is stored too, so that nobody has to wait longer if the clock is set back.
-- KEYS  rate
-- ARGV  ms between two allowed events, how many may come at once, how many there were
-- Gives the ms until the bucket is empty.
local t = redis.call('TIME')
local at, gap = t[1] * 1000 + t[2] / 1000, tonumber(ARGV[1])
local due, written = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
due = due and math.max(due - math.max(0, written - at), at) or at
-- At most ten bursts are counted, so that events on many workers do not lock a person out for long.
due = math.min(due + ARGV[3] * gap, at + 10 * ARGV[2] * gap)
redis.call('SET', KEYS[1], string.format('%.3f %.3f', due, at), 'PX', math.ceil(due - at))
return math.ceil(due - at)
