-- Deactivate an account, unless no admin would be left, or activate it again. All its log-ins end.
-- KEYS  account, the other admins
-- ARGV  now ('' for the store's clock), '1' to activate it, '0' to deactivate it
-- Gives OK; NOBODY if there is no such account, LAST if it is the last admin's.
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'deletedAt') == 1 then return 'NOBODY' end
if ARGV[2] == '1' then
  redis.call('HDEL', KEYS[1], 'deactivatedAt')
  return 'OK'
end
if has_admin({KEYS[1]}, 1) and not has_admin(KEYS, 2) then return 'LAST' end
if redis.call('HSETNX', KEYS[1], 'deactivatedAt', clock(ARGV[1])) == 1 then
  redis.call('HINCRBY', KEYS[1], 'generation', 1)
end
return 'OK'
