-- Delete a room, and publish CLOSE as its last message. Nobody deletes a direct room: it has no owner, and what is
-- said there is the others' too.
-- KEYS  room, closed, stream, conns, present, members, banned, erased, edited, reactions, account of who does it
-- ARGV  now ('' for the store's clock), body of CLOSE, seconds to remember that it was closed, who does it (see
--       rights_in)
-- Gives the userIds of the members; NOTFOUND, GUEST, NOTALLOWED for all but the owner.
local room, closed, stream, conns, present, members = unpack(KEYS)
local rights = rights_in(room, members, KEYS[#KEYS], ARGV[4])
if rights.refused then return rights.refused end
if rights.role ~= 'owner' then return redis.error_reply('NOTALLOWED') end
local denied = untold(room)
if denied then return denied end
local seq = tonumber(redis.call('HGET', room, 'seq') or 0) + 1
local body = stamp('CLOSE', redis.call('HLEN', present), clock(ARGV[1]), ARGV[2])
local closing = '{"seq":' .. seq .. ',' .. string.sub(body, 2)
local ids = redis.call('HKEYS', members)
redis.call('UNLINK', unpack(KEYS, 1, #KEYS - 1))
redis.call('SET', closed, closing, 'EX', ARGV[3])
redis.call('PUBLISH', room, closing)
return ids
