-- Note that a person is being erased; what was wanted before is still wanted.
-- KEYS  erasing
-- ARGV  now ('' for the store's clock), userId, 1 or 0 whether the words are erased, and whether the name is
-- Gives 1.
local words, name = string.match(redis.call('HGET', KEYS[1], ARGV[2]) or '0 0', '^(%d) (%d)')
if ARGV[3] == '1' then words = 1 end
if ARGV[4] == '1' then name = 1 end
redis.call('HSET', KEYS[1], ARGV[2], words .. ' ' .. name .. ' ' .. clock(ARGV[1]))
return 1
