-- Delete a room, and publish CLOSE as its last message.
-- KEYS  room, closed, stream, conns, present, members, banned, erased, edited, reactions
-- ARGV  now ('' for the store's clock), body of CLOSE, seconds to remember that it was closed, who does it (see
--       acting)
-- Gives the userIds of the members; NOTFOUND, NOTALLOWED for all but the owner.
local room, closed, stream, conns, present, members = unpack(KEYS)
local private = redis.call('HGET', room, 'private')
if not private then return redis.error_reply('NOTFOUND') end
local role = acting(members, ARGV[4], private)
if not role and private == '1' then return redis.error_reply('NOTFOUND') end
if role ~= 'owner' then return redis.error_reply('NOTALLOWED') end
local denied = untold(room)
if denied then return denied end
local seq = tonumber(redis.call('HGET', room, 'seq') or 0) + 1
local body = stamp('CLOSE', redis.call('HLEN', present), clock(ARGV[1]), ARGV[2])
local closing = '{"seq":' .. seq .. ',' .. string.sub(body, 2)
local ids = redis.call('HKEYS', members)
redis.call('UNLINK', unpack(KEYS))
redis.call('SET', closed, closing, 'EX', ARGV[3])
redis.call('PUBLISH', room, closing)
return ids
