-- A leaky bucket, as the generic cell rate algorithm (ATM Forum, UNI 3.1, 1994).
-- KEYS  rate
-- ARGV  ms between two allowed events, how many may come at once
-- Gives 0 when the event is allowed, else the ms to wait.
local t = redis.call('TIME')
local at, gap = t[1] * 1000 + t[2] / 1000, tonumber(ARGV[1])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), at)
local wait = due + gap - tonumber(ARGV[2]) * gap - at
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.3f', due + gap), 'PX', math.ceil(due + gap - at))
return 0
