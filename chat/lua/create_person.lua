-- Create an account, unless its name is taken or looks like a taken one. The first account is the
-- founder's. A founder that is noted while there is no account at all was never created.
-- KEYS  account, people, founder, account of the founder, skeletons, names, former names, search terms
-- ARGV  now ('' for the store's clock), userId, folded name, founder as it was read, role of the founder,
--       role of others ('' for none), version of the skeletons, number of skeletons, number of search terms,
--       skeleton..., search term..., field, value...
-- Gives the role; TAKEN, ALIKE, CLOSED; AGAIN if the founder has changed since it was read; INDEX if the
-- index of skeletons has to be built first.
local account, people, founder, of_founder, skeletons, names, former, terms = unpack(KEYS)
local at, id, folded = clock(ARGV[1]), ARGV[2], ARGV[3]
local last = 9 + ARGV[8]
if redis.call('HGET', skeletons, '') ~= ARGV[7] then return 'INDEX' end
if (redis.call('GET', founder) or '') ~= ARGV[4] then return 'AGAIN' end
if not is_free(names, former, folded, id, at) then return 'TAKEN' end
for i = 10, last do
  local alike = redis.call('HGET', skeletons, ARGV[i])
  if alike and not is_free(names, former, alike, id, at) then return 'ALIKE' end
end
local first = ARGV[4] == '' or redis.call('EXISTS', of_founder, people) == 0
local role = ARGV[first and 5 or 6]
if role == '' then return 'CLOSED' end
redis.call('HSET', account, 'role', role, unpack(ARGV, last + 1 + ARGV[9]))
redis.call('SADD', people, id)
redis.call('HSET', names, folded, id)
redis.call('HDEL', former, folded)
if first then redis.call('SET', founder, id) end
for i = 10, last do redis.call('HSET', skeletons, ARGV[i], folded) end
for i = last + 1, last + ARGV[9] do redis.call('ZADD', terms, 0, ARGV[i]) end
return role
