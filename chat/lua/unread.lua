-- How far a person has read in a room, and what is unread. It is worked out from numbers, never by counting up.
-- KEYS  room, members, marks, spoken, deleted, mentions
-- ARGV  userId
-- Gives the membership, and the number up to which the person has read, how many TALKs of others after it are not
-- deleted, and how many of them mention the person: all in a direct room. Gives nothing for no member.
local room, members, marks, spoken, deleted, mentions = unpack(KEYS)
local id = ARGV[1]
local record = redis.call('HGET', members, id)
if not record then return {} end
local said, kind, forgotten = unpack(redis.call('HMGET', room, 'said', 'kind', 'forgotten'))
local seq, n, own = mark_of(marks, id)
n = math.max(n, forgotten or 0)
local gone = redis.call('ZCOUNT', deleted, string.format('(%.0f', n), '+inf')
local own_unread = (redis.call('HGET', spoken, id) or 0) - own
local unread = math.max(0, (said or 0) - n - gone - own_unread)
if kind == 'direct' then return {record, seq, unread, unread} end
-- How many TALKs behind the mark are noted under this name.
local function noted(whose)
  return redis.call('ZLEXCOUNT', mentions, string.format('[%s:%016.0f', whose, n + 1), '(' .. whose .. ';')
end
local mentioned = unread > 0 and noted(id) + noted('*') - noted('-' .. id) or 0
return {record, seq, unread, mentioned}
