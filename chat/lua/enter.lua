-- Connections enter a room; for one that is in, that renews its lease.
-- KEYS  room, conns, people
-- ARGV  now ('' for the store's clock), lease in ms, body of ENTER ('' to tell nobody), the epoch that
--       the worker knows ('' when it just learns it), connection...
-- Gives userCount, then the names of those who were not there before; NOTFOUND without the room.
if redis.call('EXISTS', KEYS[1]) == 0 then return redis.error_reply('NOTFOUND') end
local at, body = clock(ARGV[1]), ARGV[3]
-- In another epoch the store has lost who was here: they come back to it, but never left the room.
if ARGV[4] ~= '' and ARGV[4] ~= redis.call('HGET', KEYS[1], 'epoch') then body = '' end
local came = {}
for i = 5, #ARGV do
  if redis.call('ZADD', KEYS[2], at + tonumber(ARGV[2]), ARGV[i]) == 1 then
    local name = person(ARGV[i])
    if redis.call('HINCRBY', KEYS[3], name, 1) == 1 then came[#came + 1] = name end
  end
end
return {announce(KEYS[1], KEYS[3], 'ENTER', at, body, came), unpack(came)}
