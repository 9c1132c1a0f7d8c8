-- Store a message and publish it, in one step, so that all workers receive messages in one order.
-- KEYS  room, stream, conns, people, members, sent, erased, edits, edited, reactions
-- ARGV  now ('' for the store's clock), type, body, the name of its sender, the connection that must be in
--       the room ('' for none), longest stream, ms to remember the clientId, an epoch in case a new one is due
-- Gives 1 if the message is new or 0 if its clientId was known, seq, sentAt, userCount; NOTFOUND, NOTJOINED, USEDBEFORE.
local room, stream, conns, people, members, sent, erased, edits, edited, reactions = unpack(KEYS)
local known = known_of(room)
local refused = refusal(known[1], conns, members, ARGV[5], ARGV[4])
if refused then return refused end
local before = remembered(sent, ARGV[2])
if before then return before end
local seq, at, count, told = append({room, stream, people, erased, edits, edited, reactions}, known, ARGV[2], clock(ARGV[1]),
  ARGV[3], ARGV[4], ARGV[6], ARGV[8])
remember(sent, ARGV[2], seq, at, count, ARGV[7])
redis.call('PUBLISH', room, told)
return {1, seq, at, count}
