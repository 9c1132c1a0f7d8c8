-- Create an account, unless its name is taken or looks like a taken one. The first account is the
-- founder's. A founder that is noted while there is no account at all was never created.
-- KEYS  user, users, founder, user of the founder, skeletons
-- ARGV  folded name, founder as it was read, role of the founder, role of others ('' for none),
--       version of the skeletons, number of skeletons, skeleton..., field, value...
-- Gives the role; TAKEN, ALIKE, CLOSED; AGAIN if the founder has changed since it was read; INDEX if the
-- index of skeletons has to be built first.
local folded, founder, version, count = ARGV[1], ARGV[2], ARGV[5], tonumber(ARGV[6])
if redis.call('HGET', KEYS[5], '') ~= version then return 'INDEX' end
if (redis.call('GET', KEYS[3]) or '') ~= founder then return 'AGAIN' end
if redis.call('EXISTS', KEYS[1]) == 1 then return 'TAKEN' end
for i = 7, 6 + count do
  if redis.call('HEXISTS', KEYS[5], ARGV[i]) == 1 then return 'ALIKE' end
end
local never = redis.call('EXISTS', KEYS[4], KEYS[2]) == 0
local first = founder == '' or never
local role = ARGV[first and 3 or 4]
if role == '' then return 'CLOSED' end
redis.call('HSET', KEYS[1], 'role', role, unpack(ARGV, 7 + count))
redis.call('SADD', KEYS[2], folded)
if first then redis.call('SET', KEYS[3], folded) end
for i = 7, 6 + count do redis.call('HSET', KEYS[5], ARGV[i], folded) end
return role
