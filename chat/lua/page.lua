-- A page of TALKs, with the edits, deletions and reactions that are stored between them.
-- KEYS  room, stream
-- ARGV  'XRANGE' or 'XREVRANGE', the first and the last id in that direction, the number of TALKs,
--       entries and bytes at most
-- Gives the room's epoch and seq, 1 if more follow in that direction or 0, then the entries; NOTFOUND.
local known = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
if not known[1] then return redis.error_reply('NOTFOUND') end
local command, start, stop = ARGV[1], ARGV[2], ARGV[3]
local talks, most, room_for = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local answer, size = {known[1], known[2] or '0', 0}, 0
-- The first read is enough if there are only TALKs; one entry more shows whether more follow.
local count = talks + 1
while true do
  local entries = redis.call(command, KEYS[2], start, stop, 'COUNT', count)
  for _, entry in ipairs(entries) do
    local stored = entry[2][2]
    size = size + #stored
    if talks == 0 or #answer - 3 == most or size > room_for and #answer > 3 then
      answer[3] = 1
      return answer
    end
    if string.sub(stored, 1, 14) == '{"type":"TALK"' then talks = talks - 1 end
    answer[#answer + 1] = entry
  end
  if #entries < count then return answer end
  start, count = '(' .. entries[#entries][1], 100
end
