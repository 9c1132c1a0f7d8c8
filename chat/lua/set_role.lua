-- Change the role of an account, unless no admin would be left.
-- KEYS  user, the other admins
-- ARGV  role
-- Gives OK; NOBODY if there is no such account, LAST if it is the last admin's.
local role = redis.call('HGET', KEYS[1], 'role')
if not role then return 'NOBODY' end
if role == 'admin' and ARGV[1] ~= 'admin' then
  local others = 0
  for i = 2, #KEYS do
    if redis.call('HGET', KEYS[i], 'role') == 'admin' then others = others + 1 end
  end
  if others == 0 then return 'LAST' end
end
redis.call('HSET', KEYS[1], 'role', ARGV[1])
return 'OK'
