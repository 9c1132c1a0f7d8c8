-- Connections enter a room; the lease of one that is already in is renewed. In a private room connections
-- of people who are no members are skipped.
-- KEYS  room, conns, people, members
-- ARGV  now ('' for the store's clock), lease in ms, body of ENTER ('' to tell nobody), the epoch that
--       the worker knows ('' if it knows none yet), connection...
-- Gives userCount, then the names of people who were not in the room before; NOTFOUND if none may enter.
local at, body = clock(ARGV[1]), ARGV[3]
-- In another epoch the store has lost who was here. They are entered again without ENTER: they never left.
if ARGV[4] ~= '' and ARGV[4] ~= redis.call('HGET', KEYS[1], 'epoch') then body = '' end
local private, came, refused = redis.call('HGET', KEYS[1], 'private'), {}, 0
for i = 5, #ARGV do
  local name = person(ARGV[i])
  if not may_enter(private, KEYS[4], name) then
    refused = refused + 1
  elseif redis.call('ZADD', KEYS[2], at + tonumber(ARGV[2]), ARGV[i]) == 1 then
    if redis.call('HINCRBY', KEYS[3], name, 1) == 1 then came[#came + 1] = name end
  end
end
if refused == #ARGV - 4 then return redis.error_reply('NOTFOUND') end
local answer = {announce(KEYS[1], KEYS[3], 'ENTER', at, body, came)}
for _, name in ipairs(came) do answer[#answer + 1] = name end
return answer
