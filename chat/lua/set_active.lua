-- Deactivate an account, unless no admin would be left, or activate it again. All its log-ins end.
-- KEYS  account, account of who does it, the other admins
-- ARGV  now ('' for the store's clock), '1' to activate it, '0' to deactivate it,
--       1 where it has to be an admin who does it, 0 for the operator
-- Gives OK; NOTADMIN if that is no admin any more, NOBODY if there is no such account, LAST if it is the last
-- admin's.
if ARGV[3] == '1' and role_in_maru(KEYS[2]) ~= 'admin' then return 'NOTADMIN' end
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'deletedAt') == 1 then return 'NOBODY' end
if ARGV[2] == '1' then
  redis.call('HDEL', KEYS[1], 'deactivatedAt')
  return 'OK'
end
if has_admin({KEYS[1]}, 1) and not has_admin(KEYS, 3) then return 'LAST' end
if redis.call('HSETNX', KEYS[1], 'deactivatedAt', clock(ARGV[1])) == 1 then
  redis.call('HINCRBY', KEYS[1], 'generation', 1)
end
return 'OK'
