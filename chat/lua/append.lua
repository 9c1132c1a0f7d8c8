-- Store a message and publish it, in one step, so that all workers receive messages in one order.
-- KEYS  room, stream, conns, present, members, banned, sent, erased, edited, reactions, unarchived, spoken, mentions,
--       names, the control channel, and without a lease the sender's account
-- ARGV  now ('' for the store's clock), type, body, the sender's userId and name, the id of the lease
--       that the sender must have in the room ('' for none), ms to remember the clientId, an epoch in case a new one
--       is due, and whom the text may mention (see mentioned_by; '' for nobody)
-- Gives 1 if the message is new or 0 if its clientId was known, seq, sentAt, userCount; NOTFOUND, NOTJOINED,
-- BANNED, GUEST, MUTED, ARCHIVED, USEDBEFORE.
local room, stream, conns, present, members, banned, sent, erased, edited, reactions, unarchived, spoken, mentions,
  names, control, account = unpack(KEYS)
local at, sender = clock(ARGV[1]), ARGV[4]
local fields = fields_of(room)
local refused = no_speech(fields, members, conns, banned, ARGV[6], sender, at, account)
if refused then return refused end
local before = remembered(sent, ARGV[2])
if before then return before end
local body, mentioned, called = ARGV[3], nil, nil
if ARGV[9] ~= '' then
  mentioned, called = mentioned_by(ARGV[9], names, members)
  body = with_mentions(body, mentioned, called)
end
local seq, _, count, payload = append({room, stream, present, erased, edited, reactions, unarchived, spoken}, fields,
  ARGV[2], at, body, sender, ARGV[5], ARGV[8])
remember(sent, ARGV[2], seq, at, count, ARGV[7])
local people
if mentioned then
  people = note_mentions(mentions, members, present, mentioned, {tonumber(fields[4] or 0) + 1, seq, at}, sender)
end
redis.call('PUBLISH', room, payload)
if people then tell_mentioned(control, people, room, seq, sender, ARGV[5]) end
return {1, seq, at, count}
