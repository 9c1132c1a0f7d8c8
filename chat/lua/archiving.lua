-- Take the right to archive, or keep it: one process at a time has it, for a while.
-- KEYS  archiving, archive
-- ARGV  who asks for it, for how many ms, then field, value... of what it says of the archive, if it has the right
-- Gives 1 if it has the right now; 0 if another process has it.
local archiving, archive = unpack(KEYS)
local holder = redis.call('GET', archiving)
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', archiving, ARGV[1], 'PX', ARGV[2])
redis.call('HSET', archive, 'at', clock(''), unpack(ARGV, 3))
return 1
