-- Store a message and hand it to all who listen, in one step: all workers see one order.
-- KEYS  room, stream, conns, people, sent, erased, edits
-- ARGV  now ('' for the store's clock), type, body, the connection that must be in the room ('' for none),
--       longest stream, ms to remember the clientId, an epoch in case a new one is due
-- Gives 1 if it was new or 0 if it is remembered, seq, sentAt, userCount; NOTFOUND, NOTJOINED.
local room, stream, conns, people, sent, erased, edits = unpack(KEYS)
if redis.call('EXISTS', room) == 0 then return redis.error_reply('NOTFOUND') end
if ARGV[4] ~= '' and not redis.call('ZSCORE', conns, ARGV[4]) then return redis.error_reply('NOTJOINED') end
local seq, at, count = remembered(sent)
if seq then return {0, seq, at, count} end
seq, at, count = append({room, stream, people, erased, edits}, ARGV[2], clock(ARGV[1]), ARGV[3], ARGV[5], ARGV[7])
redis.call('SET', sent, seq .. ' ' .. at .. ' ' .. count, 'PX', ARGV[6])
return {1, seq, at, count}
