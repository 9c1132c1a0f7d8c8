-- Delete a room, and publish CLOSE as its last message.
-- KEYS  room, closed, stream, conns, people, members, erased, edits, edited, reactions
-- ARGV  now ('' for the store's clock), body of CLOSE, seconds to remember that it was closed
-- Gives the names of the members of a private room; NOTFOUND.
local room, closed, stream, conns, people, members = unpack(KEYS)
if redis.call('EXISTS', room) == 0 then return redis.error_reply('NOTFOUND') end
local denied = untold(room)
if denied then return denied end
local seq = tonumber(redis.call('HGET', room, 'seq') or 0) + 1
local body = stamp('CLOSE', redis.call('HLEN', people), clock(ARGV[1]), ARGV[2])
local closing = '{"seq":' .. seq .. ',' .. string.sub(body, 2)
local names = redis.call('SMEMBERS', members)
redis.call('UNLINK', unpack(KEYS))
redis.call('SET', closed, closing, 'EX', ARGV[3])
redis.call('PUBLISH', room, closing)
return names
