-- The entries after a number, of any kind, as many as one answer may have.
-- KEYS  room, stream, erased
-- ARGV  the epoch in which they are asked for, the number, the last number, bytes at most, about, and 1 if it is to be
--       all up to the newest or nothing, else 0
-- Gives the room's seq, the number up to which these are all entries, how many numbers up to there are erased, and
-- then each entry: its id and what is stored. The first of them is that of the number itself if it is there.
-- Gives nothing in another epoch, and where it would not be all; NOTFOUND.
local AT_ONCE = 50
local room, stream, erased = unpack(KEYS)
local seq, last, room_for, is_all = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5] == '1'
local epoch, newest = unpack(redis.call('HMGET', room, 'epoch', 'seq'))
if not epoch then return redis.error_reply('NOTFOUND') end
newest = newest or '0'
if epoch ~= ARGV[1] or is_all and tonumber(newest) > tonumber(last) then return {} end
local answer, size, before = {newest, last, 0}, 0, seq
local start = '0-' .. (seq == '0' and '1' or seq)
while start do
  local entries = redis.call('XRANGE', stream, start, '0-' .. last, 'COUNT', AT_ONCE)
  start = #entries == AT_ONCE and '(' .. entries[#entries][1]
  for _, entry in ipairs(entries) do
    local number, stored = string.sub(entry[1], 3), entry[2][2]
    if number ~= seq then size = size + #stored end
    if size > room_for and before ~= seq then
      if is_all then return {} end
      answer[2], start = before, false
      break
    end
    answer[#answer + 1], answer[#answer + 2], before = entry[1], stored, number
  end
end
answer[3] = redis.call('ZCOUNT', erased, '(' .. seq, answer[2])
return answer
