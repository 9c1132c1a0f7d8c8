-- Change an account: its name, and other fields. A name that is given up is kept for its person for a while.
-- KEYS  account, skeletons, names, former names, renames under way, search terms
-- ARGV  now ('' for the store's clock), userId, name and display name as they were read, new name,
--       old name folded, new name folded, ms for which the old name is kept, version of the skeletons,
--       numbers of skeletons, of old terms, of new terms, and then these: skeleton..., old term...,
--       new term..., field, value ('' to delete it)...
-- Gives 0, or the ms that name this renaming in renames under way if the name has changed; AGAIN if the name
-- or display name is not as it was read; TAKEN, ALIKE; INDEX if the index of skeletons has to be built first.
local account, skeletons, names, former, renaming, terms = unpack(KEYS)
local at, id, name, shown, new, old_folded, folded = clock(ARGV[1]), unpack(ARGV, 2, 7)
local now = redis.call('HMGET', account, 'name', 'displayName', 'deletedAt')
if now[1] ~= name or (now[2] or '') ~= shown or now[3] then return 'AGAIN' end
local last = 12 + ARGV[10]
if new ~= name then
  if redis.call('HGET', skeletons, '') ~= ARGV[9] then return 'INDEX' end
  if not is_free(names, former, folded, id, at) then return 'TAKEN' end
  for i = 13, last do
    local alike = redis.call('HGET', skeletons, ARGV[i])
    if alike and not is_free(names, former, alike, id, at) then return 'ALIKE' end
  end
  if folded ~= old_folded then give_up(names, former, old_folded, id, at + ARGV[8]) end
  redis.call('HSET', names, folded, id)
  redis.call('HDEL', former, folded)
  for i = 13, last do redis.call('HSET', skeletons, ARGV[i], folded) end
  redis.call('HSET', account, 'name', new)
  redis.call('ZADD', renaming, at, id .. ':' .. at)
end
for i = last + 1, last + ARGV[11] do redis.call('ZREM', terms, ARGV[i]) end
last = last + ARGV[11]
for i = last + 1, last + ARGV[12] do redis.call('ZADD', terms, 0, ARGV[i]) end
for i = last + ARGV[12] + 1, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', account, ARGV[i])
  else
    redis.call('HSET', account, ARGV[i], ARGV[i + 1])
  end
end
return new ~= name and at or 0
