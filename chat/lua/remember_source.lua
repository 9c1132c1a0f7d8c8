-- Note from where somebody has logged in to an account, unless it was deleted meanwhile.
-- KEYS  account, sources
-- ARGV  now in s, how many sources are kept, seconds for which they are kept, source...
local account, sources = unpack(KEYS)
if redis.call('EXISTS', account) == 0 or redis.call('HEXISTS', account, 'deletedAt') == 1 then return 0 end
for i = 4, #ARGV do redis.call('ZADD', sources, ARGV[1], ARGV[i]) end
redis.call('ZREMRANGEBYRANK', sources, 0, -ARGV[2] - 1)
redis.call('EXPIRE', sources, ARGV[3])
return 1
