-- Connections leave a room at once.
-- KEYS  room, conns, people
-- ARGV  now ('' for the store's clock), body of QUIT, connection...
-- Gives userCount, then the names of people who have no connection in the room any more.
local gone = depart(KEYS[2], KEYS[3], {unpack(ARGV, 3)})
return {announce(KEYS[1], KEYS[3], 'QUIT', clock(ARGV[1]), ARGV[2], gone), unpack(gone)}
