-- Remove a person from a private room, with all connections. REMOVED is published on the room's channel
-- before any later message, so that no worker sends such a message to that person.
-- KEYS  room, conns, people, members
-- ARGV  now ('' for the store's clock), name, body of QUIT, body of REMOVED
-- Gives 1, or 0 if that person is no member; NOTFOUND.
local room, conns, people, members = unpack(KEYS)
if redis.call('EXISTS', room) == 0 then return redis.error_reply('NOTFOUND') end
if redis.call('SREM', members, ARGV[2]) == 0 then return 0 end
local at, theirs = clock(ARGV[1]), {}
for _, connection in ipairs(redis.call('ZRANGE', conns, 0, -1)) do
  if person(connection) == ARGV[2] then theirs[#theirs + 1] = connection end
end
local count = announce(room, people, 'QUIT', at, ARGV[3], depart(conns, people, theirs))
redis.call('PUBLISH', room, stamp('REMOVED', count, at, ARGV[4]))
return 1
