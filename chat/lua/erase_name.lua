-- Take the name off an account that was deleted: another one stands on its messages from now on. The old one is
-- kept from others for as long as after any deletion.
-- KEYS  account, renames under way, legacy names
-- ARGV  now ('' for the store's clock), userId, the other name, the name that was read, folded
-- Gives the ms that name this renaming in renames under way; 0 for an account that is not deleted.
local account, renaming, legacy = unpack(KEYS)
local at, id = clock(ARGV[1]), ARGV[2]
if redis.call('HEXISTS', account, 'deletedAt') == 0 then return 0 end
redis.call('HSET', account, 'name', ARGV[3])
if redis.call('HGET', legacy, ARGV[4]) == id then redis.call('HDEL', legacy, ARGV[4]) end
redis.call('ZADD', renaming, at, id .. ':' .. at)
return at
