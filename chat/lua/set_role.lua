-- Change the role of an account, unless no admin would be left.
-- KEYS  account, account of who does it, the other admins
-- ARGV  role, 1 where it has to be an admin who does it, 0 for the operator
-- Gives OK; NOTADMIN if that is no admin any more, NOBODY if there is no such account, LAST if it is the last
-- admin's.
if ARGV[2] == '1' and role_in_maru(KEYS[2]) ~= 'admin' then return 'NOTADMIN' end
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'deletedAt') == 1 then return 'NOBODY' end
if ARGV[1] ~= 'admin' and has_admin({KEYS[1]}, 1) and not has_admin(KEYS, 3) then return 'LAST' end
redis.call('HSET', KEYS[1], 'role', ARGV[1])
return 'OK'
