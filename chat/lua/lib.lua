-- Functions that the scripts share; put in front of each script when it is loaded.

-- The store's clock in ms, so that the workers' clocks do not matter; a test may pass its own time.
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- A message: the body, with the fields that only the store knows in front.
local function stamp(kind, count, at, body)
  return '{"type":"' .. kind .. '","userCount":' .. count .. ',"sentAt":' .. at .. ',' .. string.sub(body, 2)
end

-- The name in a member of the set of connections, which is "<connection>:<name>".
local function person(member)
  return string.sub(member, string.find(member, ':', 1, true) + 1)
end

-- Whether this person may be in the room. 'private' is that field of the room's hash; in a room that does
-- not exist nobody may. Members of a private room are checked each time: so a removal takes effect at once,
-- even if a worker has not heard of it.
local function may_enter(private, members, name)
  return private == '0' or private == '1' and redis.call('SISMEMBER', members, name) == 1
end

-- The error where the store's user may not publish on the room's channel; else nothing. To be called before
-- anything is written. It costs more than the PUBLISH at the end of a message: it is not called for each.
local function untold(room)
  if not redis.acl_check_cmd('PUBLISH', room, '') then
    return redis.error_reply('NOPERM The channel of the room is denied')
  end
end

-- Publish a message for each name (ENTER or QUIT), all with the present count; none if body is ''.
-- Returns the count.
local function announce(room, people, kind, at, body, names)
  local count = redis.call('HLEN', people)
  if #names > 0 and redis.call('EXISTS', room) == 1 then
    redis.call('HSET', room, 'userCount', count)
    for _, name in ipairs(body ~= '' and names or {}) do
      redis.call('PUBLISH', room, stamp(kind, count, at, (string.gsub(body, '{name}', name))))
    end
  end
  return count
end

-- Remove connections from a room. Returns the names of people whose last connection it was.
local function depart(conns, people, members)
  local gone = {}
  for _, member in ipairs(members) do
    if redis.call('ZREM', conns, member) == 1 then
      local name = person(member)
      if redis.call('HINCRBY', people, name, -1) <= 0 then
        redis.call('HDEL', people, name)
        gone[#gone + 1] = name
      end
    end
  end
  return gone
end

-- The error for a person who may not be in the room, or for a connection that is not in it; else nothing.
local function refusal(private, conns, members, connection, name)
  if not may_enter(private, members, name) then return redis.error_reply('NOTFOUND') end
  if connection ~= '' and not redis.call('ZSCORE', conns, connection) then return redis.error_reply('NOTJOINED') end
end

-- The life of the store's data in which an epoch began: an epoch is '<life>-<12 characters>'; from older
-- versions of Maru it has no life. See chat/store/condition.py.
local function life(epoch)
  return string.sub(epoch or '', 1, -14)
end

-- The fields of a room's hash that a new message needs: private, seq, epoch, said.
local function known_of(room)
  return redis.call('HMGET', room, 'private', 'seq', 'epoch', 'said')
end

-- Delete what is noted about messages that are trimmed from the stream.
local function trim(stream, erased, edited, reactions)
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if not first then return end
  local number = string.sub(first[1], 3)
  redis.call('ZREMRANGEBYSCORE', erased, '-inf', '(' .. number)
  redis.call('ZREMRANGEBYSCORE', edited, '-inf', '(' .. number)
  redis.call('ZREMRANGEBYLEX', reactions, '-', string.format('(%016d', number))
end

-- Store a message. Takes the keys room, stream, people, erased, edits, edited, reactions, and the result of
-- known_of. Returns seq, sentAt, userCount, and the text that the caller publishes last of all: the store may
-- deny that, and what a script has written by then stays.
local function append(keys, known, kind, at, body, sender, longest, epoch)
  local room, stream, people, erased, edits, edited, reactions = unpack(keys)
  local count = redis.call('HLEN', people)
  local stored = stamp(kind, count, at, body)
  local id = redis.call('XADD', stream, 'MAXLEN', '~', longest, '0-*', 'm', stored)
  local seq = tonumber(string.sub(id, 3))
  local heading = '{"seq":' .. seq .. ','
  local is_another = seq ~= tonumber(known[2] or 0) + 1
  -- In another life of the data this number may already have been given to a message that the store has
  -- lost. If the stream does not continue the hash's seq, old cursors are not valid either.
  if is_another or life(known[3]) ~= life(epoch) then
    redis.call('HSET', room, 'epoch', epoch)
    if is_another then redis.call('DEL', erased, edits, edited, reactions) end
    heading = heading .. '"epoch":"' .. epoch .. '",'
  end
  if kind == 'TALK' then
    redis.call('HSET', room, 'seq', seq, 'activeAt', at, 'saidBy', sender, 'said', tonumber(known[4] or 0) + 1)
  else
    redis.call('HSET', room, 'seq', seq, 'activeAt', at)
  end
  if seq % 100 == 0 and redis.call('XLEN', stream) >= tonumber(longest) then
    trim(stream, erased, edited, reactions)
  end
  return seq, at, count, heading .. string.sub(stored, 2)
end

-- The answer to an earlier call with the same clientId; nothing if the clientId is new, an error if it was
-- used for something else. 'what' is the kind of the call, and for a change also its message; entries from
-- older versions of Maru have none.
local function remembered(sent, what)
  local answered = redis.call('GET', sent)
  if not answered then return end
  local seq, at, count, before = string.match(answered, '^(%d+) (%d+) (%d+) ?(.*)')
  if before ~= '' and before ~= what then return redis.error_reply('USEDBEFORE') end
  return {0, tonumber(seq), tonumber(at), tonumber(count)}
end

local function remember(sent, what, seq, at, count, ms)
  redis.call('SET', sent, seq .. ' ' .. at .. ' ' .. count .. ' ' .. what, 'PX', ms)
end
