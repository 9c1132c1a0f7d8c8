-- Connections whose lease has ended leave the room.
-- KEYS  room, conns, people
-- ARGV  now ('' for the store's clock), body of QUIT, how many connections at the most
-- Gives the end of the next lease in ms ('' when nobody is left), then the names of those who are gone.
local at = clock(ARGV[1])
local expired = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', at, 'LIMIT', 0, ARGV[3])
local gone = depart(KEYS[2], KEYS[3], expired)
announce(KEYS[1], KEYS[3], 'QUIT', at, ARGV[2], gone)
return {redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2] or '', unpack(gone)}
