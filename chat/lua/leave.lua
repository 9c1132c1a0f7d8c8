-- Connections leave a room at once.
-- KEYS  room, conns, present
-- ARGV  now ('' for the store's clock), body of QUIT, lease id...
-- Gives userCount, then the userIds of people who have no connection in the room any more.
local room, conns, present = unpack(KEYS)
local gone, names = depart(conns, present, {unpack(ARGV, 3)})
return {announce(room, present, 'QUIT', clock(ARGV[1]), ARGV[2], gone, names), unpack(gone)}
