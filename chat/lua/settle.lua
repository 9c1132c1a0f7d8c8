-- End a claim: note when the room needs the next look. Whoever entered or was lost in the meantime
-- has moved the room's time; then that stands.
-- KEYS  occupied
-- ARGV  room id, end of the claim, time of the next look ('' for never: nobody is left)
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '') ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then return redis.call('ZREM', KEYS[1], ARGV[1]) end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
