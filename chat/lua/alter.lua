-- Edit, delete or react to a message. That is an entry of its own in the same stream, so that all hear
-- of it in one order; what is deleted is also erased from the stream, with its edits.
-- KEYS  as for append
-- ARGV  as for append, then the seq of the message, and the only name that may do this ('' for
--       anybody); the room's owner may delete what others said
-- Gives what append gives; NOTFOUND, NOTJOINED, NOMESSAGE, NOTYOURS.
local room, stream, conns, people, members, sent, erased, edits = unpack(KEYS)
local kind, ref, author = ARGV[2], ARGV[9], ARGV[10]
local refused = refusal(room, conns, members, ARGV[5], ARGV[4])
if refused then return refused end
local seq, at, count = remembered(sent)
if seq then return {0, seq, at, count} end
local target = redis.call('XRANGE', stream, '0-' .. ref, '0-' .. ref)[1]
local said = target and cjson.decode(target[2][2])
if not said or said.type ~= 'TALK' then return redis.error_reply('NOMESSAGE') end
local may = author == '' or said.sender == author or kind == 'DELETE' and redis.call('HGET', room, 'owner') == author
if not may then return redis.error_reply('NOTYOURS') end

seq, at, count = append({room, stream, people, erased, edits}, kind, clock(ARGV[1]), ARGV[3], ARGV[4],
  ARGV[6], ARGV[8])
redis.call('SET', sent, seq .. ' ' .. at .. ' ' .. count, 'PX', ARGV[7])
local earlier = redis.call('HGET', edits, ref) or ''
if kind == 'EDIT' then
  redis.call('HSET', edits, ref, earlier .. ' ' .. seq)
elseif kind == 'DELETE' then
  for gone in string.gmatch(ref .. earlier, '%d+') do
    if redis.call('XDEL', stream, '0-' .. gone) == 1 then redis.call('ZADD', erased, gone, gone) end
  end
  redis.call('HDEL', edits, ref)
end
return {1, seq, at, count}
