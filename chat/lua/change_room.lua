-- Change fields of a room. The owner and moderators may; in a direct room every member.
-- KEYS  room, members, account of who does it
-- ARGV  who does it (see rights_in), field, value...
-- Gives 1; NOTFOUND, GUEST, NOTALLOWED.
local room, members, account = unpack(KEYS)
local rights = rights_in(room, members, account, ARGV[1])
if rights.refused then return rights.refused end
local may = rights.moderates or rights.role and rights.kind == 'direct'
if not may then return redis.error_reply('NOTALLOWED') end
redis.call('HSET', room, unpack(ARGV, 2))
return 1
