-- Rate limit: a leaky bucket, as the generic cell rate algorithm (ATM Forum, UNI 3.1, 1994).
-- A stored time more than a burst ahead is from before the clock was set back: it counts as a burst that
-- has just been used up.
-- KEYS  rate
-- ARGV  ms between two allowed events, how many may come at once
-- Gives 0 if the event is allowed, else the ms to wait.
local t = redis.call('TIME')
local at, gap = t[1] * 1000 + t[2] / 1000, tonumber(ARGV[1])
local stored, latest = tonumber(redis.call('GET', KEYS[1]) or 0), at + tonumber(ARGV[2]) * gap
local due = math.min(math.max(stored, at), latest)
local wait = due + gap - latest
if wait <= 0 then due = due + gap end
if wait <= 0 or due ~= stored then
  redis.call('SET', KEYS[1], string.format('%.3f', due), 'PX', math.ceil(due - at))
end
return wait > 0 and math.ceil(wait) or 0
