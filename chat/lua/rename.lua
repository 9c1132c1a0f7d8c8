-- Rename a room, unless it has been deleted meanwhile.
-- KEYS  room
-- ARGV  name
-- Gives 1; NOTFOUND.
if redis.call('EXISTS', KEYS[1]) == 0 then return redis.error_reply('NOTFOUND') end
redis.call('HSET', KEYS[1], 'name', ARGV[1])
return 1
