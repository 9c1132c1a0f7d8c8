-- Undo the counting of one event by throttle.lua.
-- KEYS  rate
-- ARGV  ms between two allowed events
-- Gives 1, or 0 when nothing is counted any more.
local due = tonumber(redis.call('GET', KEYS[1]) or '')
if not due then return 0 end
redis.call('SET', KEYS[1], string.format('%.3f', due - tonumber(ARGV[1])), 'KEEPTTL')
return 1
