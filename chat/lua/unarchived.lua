-- The entries of a room that are not archived, as many as one answer may have.
-- KEYS  room, stream
-- ARGV  the number up to which they are archived, entries and bytes at most, about
-- Gives the room's epoch and seq, 1 if it is encrypted, 1 if it is open, 1 if more follow or 0, and then each entry: its
-- id and what is stored. The first of them is that of the number itself if it is there. Gives nothing for a room that does not exist.
local AT_ONCE = 100
local room, stream = unpack(KEYS)
local most, room_for = tonumber(ARGV[2]), tonumber(ARGV[3])
local epoch, seq, encrypted, private = unpack(redis.call('HMGET', room, 'epoch', 'seq', 'encrypted', 'private'))
if not epoch then return {} end
local answer = {epoch, tonumber(seq or 0), encrypted == '1' and 1 or 0, private == '0' and 1 or 0, 0}
local found, size = 0, 0
local start = '0-' .. (ARGV[1] == '0' and '1' or ARGV[1])
repeat
  local entries = redis.call('XRANGE', stream, start, '+', 'COUNT', AT_ONCE)
  for _, entry in ipairs(entries) do
    answer[#answer + 1], answer[#answer + 2] = entry[1], entry[2][2]
    found, size = found + 1, size + #entry[2][2]
  end
  if #entries < AT_ONCE then return answer end
  start = '(' .. entries[#entries][1]
until found >= most or size >= room_for
answer[5] = 1
return answer
