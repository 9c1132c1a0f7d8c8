-- Change fields of a room. The owner and moderators may; in a direct room every member.
-- KEYS  room, members
-- ARGV  who does it (see acting), field, value...
-- Gives 1; NOTFOUND, NOTALLOWED.
local room, members = unpack(KEYS)
local private, kind = unpack(redis.call('HMGET', room, 'private', 'kind'))
if not private then return redis.error_reply('NOTFOUND') end
local role = acting(members, ARGV[1], private)
if not role and private == '1' then return redis.error_reply('NOTFOUND') end
local may = role == 'owner' or role == 'moderator' or role and kind == 'direct'
if not may then return redis.error_reply('NOTALLOWED') end
redis.call('HSET', room, unpack(ARGV, 2))
return 1
