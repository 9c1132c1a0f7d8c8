-- Delete an account, unless no admin would be left. What stays is its id with the name that stands on its
-- messages, so that nobody else ever gets that id. The name is kept for a while as after a renaming.
-- KEYS  account, people, names, former names, search terms, sources, deletions under way, account of who does it, the
--       other admins...
-- ARGV  now ('' for the store's clock), userId, name and display name as they were read, name folded,
--       ms for which the name is kept, 1 where it has to be an admin who does it or 0 for the operator,
--       search term...
-- Gives OK; NOTADMIN if that is no admin any more; AGAIN if the name or display name is not as it was read; NOBODY
-- if there is no such account, LAST if it is the last admin's.
local account, people, names, former, terms, sources, deleting, actor = unpack(KEYS)
if ARGV[7] == '1' and role_in_maru(actor) ~= 'admin' then return 'NOTADMIN' end
local at, id = clock(ARGV[1]), ARGV[2]
local now = redis.call('HMGET', account, 'name', 'displayName', 'deletedAt')
if not now[1] or now[3] then return 'NOBODY' end
if now[1] ~= ARGV[3] or (now[2] or '') ~= ARGV[4] then return 'AGAIN' end
if has_admin({account}, 1) and not has_admin(KEYS, 9) then return 'LAST' end
redis.call('HDEL', account, 'password', 'displayName', 'status', 'timeZone', 'language')
redis.call('HSET', account, 'role', 'guest', 'deletedAt', at, 'deactivatedAt', at)
redis.call('HINCRBY', account, 'generation', 1)
redis.call('SREM', people, id)
give_up(names, former, ARGV[5], id, at + ARGV[6])
for i = 8, #ARGV do redis.call('ZREM', terms, ARGV[i]) end
redis.call('DEL', sources)
redis.call('ZADD', deleting, at, id)
return 'OK'
