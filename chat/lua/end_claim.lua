-- End a claim: store the time of the room's next check. If somebody has entered or was lost meanwhile, that
-- has already set another time, which stays.
-- KEYS  occupied
-- ARGV  room id, end of the claim, time of the next check ('' for none: nobody is left)
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '') ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then return redis.call('ZREM', KEYS[1], ARGV[1]) end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
