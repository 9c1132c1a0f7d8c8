-- Note what the names of all accounts look like, unless that has been done.
-- KEYS  skeletons
-- ARGV  version, then skeleton, folded name...
-- Gives 1, or 0 when it has been done.
if redis.call('HGET', KEYS[1], '') == ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], '', ARGV[1])
return 1
