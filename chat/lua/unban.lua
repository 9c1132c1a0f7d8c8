-- Lift a ban.
-- KEYS  room, members, banned
-- ARGV  who does it (see acting), userId of the person
-- Gives 1, or 0 if that person was not banned; NOTFOUND, NOTALLOWED.
local room, members, banned = unpack(KEYS)
local private = redis.call('HGET', room, 'private')
if not private then return redis.error_reply('NOTFOUND') end
local role = acting(members, ARGV[1], private)
if not role and private == '1' then return redis.error_reply('NOTFOUND') end
if role ~= 'owner' and role ~= 'moderator' then return redis.error_reply('NOTALLOWED') end
return redis.call('HDEL', banned, ARGV[2])
