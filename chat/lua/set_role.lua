-- Change the role of an account, unless no admin would be left.
-- KEYS  account, the other admins
-- ARGV  role
-- Gives OK; NOBODY if there is no such account, LAST if it is the last admin's.
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'deletedAt') == 1 then return 'NOBODY' end
if ARGV[1] ~= 'admin' and has_admin({KEYS[1]}, 1) and not has_admin(KEYS, 2) then return 'LAST' end
redis.call('HSET', KEYS[1], 'role', ARGV[1])
return 'OK'
