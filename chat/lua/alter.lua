-- Edit, delete or react to a message. That is an entry of its own in the same stream, so that all hear
-- of it in one order; what is deleted is also erased from the stream, with its edits.
-- KEYS  as for append
-- ARGV  as for append, then the seq of the message, and the only name that may do this ('' for anybody)
-- Gives what append gives; NOTFOUND, NOTJOINED, NOMESSAGE, NOTYOURS.
local room, stream, conns, people, sent, erased, edits = unpack(KEYS)
local kind, ref, author = ARGV[2], ARGV[8], ARGV[9]
if redis.call('EXISTS', room) == 0 then return redis.error_reply('NOTFOUND') end
if ARGV[4] ~= '' and not redis.call('ZSCORE', conns, ARGV[4]) then return redis.error_reply('NOTJOINED') end
local seq, at, count = remembered(sent)
if seq then return {0, seq, at, count} end
local target = redis.call('XRANGE', stream, '0-' .. ref, '0-' .. ref)[1]
local said = target and cjson.decode(target[2][2])
if not said or said.type ~= 'TALK' then return redis.error_reply('NOMESSAGE') end
if author ~= '' and said.sender ~= author then return redis.error_reply('NOTYOURS') end

seq, at, count = append({room, stream, people, erased, edits}, kind, clock(ARGV[1]), ARGV[3], ARGV[5], ARGV[7])
redis.call('SET', sent, seq .. ' ' .. at .. ' ' .. count, 'PX', ARGV[6])
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
