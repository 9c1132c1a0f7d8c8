-- Count events that a worker has let through, in a leaky bucket as throttle.lua has it. It is stored with
-- the time of writing: where the clock was set back since then, nobody waits for the clock.
-- KEYS  rate
-- ARGV  ms between two allowed events, how many may come at once, how many there were
-- Gives the ms after which nothing is counted any more.
local t = redis.call('TIME')
local at, gap = t[1] * 1000 + t[2] / 1000, tonumber(ARGV[1])
local due, written = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
due = due and math.max(due - math.max(0, written - at), at) or at
-- Ten bursts are enough to pay back, so that nobody is shut out for long by many workers.
due = math.min(due + ARGV[3] * gap, at + 10 * ARGV[2] * gap)
redis.call('SET', KEYS[1], string.format('%.3f %.3f', due, at), 'PX', math.ceil(due - at))
return math.ceil(due - at)
