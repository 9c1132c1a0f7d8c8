-- Lift a ban.
-- KEYS  room, members, banned, account of who does it
-- ARGV  who does it (see rights_in), userId of the person
-- Gives 1, or 0 if that person was not banned; NOTFOUND, GUEST, NOTALLOWED.
local room, members, banned, account = unpack(KEYS)
local rights = rights_in(room, members, account, ARGV[1])
if rights.refused then return rights.refused end
if not rights.moderates then return redis.error_reply('NOTALLOWED') end
return redis.call('HDEL', banned, ARGV[2])
