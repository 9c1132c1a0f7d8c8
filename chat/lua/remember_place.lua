-- Note from where somebody has logged in to an account, unless it was deleted meanwhile.
-- KEYS  account, places
-- ARGV  now in s, how many places are kept, seconds for which they are kept, place...
local account, places = unpack(KEYS)
if redis.call('EXISTS', account) == 0 or redis.call('HEXISTS', account, 'deletedAt') == 1 then return 0 end
for i = 4, #ARGV do redis.call('ZADD', places, ARGV[1], ARGV[i]) end
redis.call('ZREMRANGEBYRANK', places, 0, -ARGV[2] - 1)
redis.call('EXPIRE', places, ARGV[3])
return 1
