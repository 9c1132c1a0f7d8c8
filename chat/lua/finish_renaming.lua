-- A person's name has been written everywhere: the renaming is over, unless the name has changed again.
-- KEYS  account, renames under way
-- ARGV  the name that was written, the member of renames under way
-- Gives 1, or 0 if the account has another name now.
if redis.call('HGET', KEYS[1], 'name') ~= ARGV[1] then return 0 end
redis.call('ZREM', KEYS[2], ARGV[2])
return 1
