-- Note in the lists of rooms that something is said in one. A room that was deleted just now is not listed again.
-- KEYS  rooms by activity, open rooms by activity
-- ARGV  now ('' for the store's clock), roomId
local at = clock(ARGV[1])
for _, rooms in ipairs(KEYS) do redis.call('ZADD', rooms, 'XX', 'GT', at, ARGV[2]) end
