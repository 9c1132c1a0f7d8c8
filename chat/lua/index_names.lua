-- Build the index of skeletons from the names of all accounts, unless it exists in this version.
-- KEYS  skeletons
-- ARGV  version, then skeleton, folded name...
-- Gives 1, or 0 if it exists.
if redis.call('HGET', KEYS[1], '') == ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], '', ARGV[1])
return 1
