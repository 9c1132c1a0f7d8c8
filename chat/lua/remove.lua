-- Take a person out of a private room, with all connections. The room's channel tells the workers by a
-- REMOVED, which comes before anything that is said from now on: so no worker can hand them that.
-- KEYS  room, conns, people, members
-- ARGV  now ('' for the store's clock), name, body of QUIT, body of REMOVED
-- Gives 1, or 0 when that was no member; NOTFOUND.
local room, conns, people, members = unpack(KEYS)
if redis.call('EXISTS', room) == 0 then return redis.error_reply('NOTFOUND') end
local denied = untold(room)
if denied then return denied end
if redis.call('SREM', members, ARGV[2]) == 0 then return 0 end
local at, theirs = clock(ARGV[1]), {}
for _, connection in ipairs(redis.call('ZRANGE', conns, 0, -1)) do
  if person(connection) == ARGV[2] then theirs[#theirs + 1] = connection end
end
local count = announce(room, people, 'QUIT', at, ARGV[3], depart(conns, people, theirs))
redis.call('PUBLISH', room, stamp('REMOVED', count, at, ARGV[4]))
return 1
