-- Shared by the scripts of a room; put in front of each of them when they are loaded.

-- The store's clock in ms, so that workers need not agree on the time; a test may pass its own.
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- A message body with what only the store knows put in front.
local function stamp(kind, count, at, body)
  return '{"type":"' .. kind .. '","userCount":' .. count .. ',"sentAt":' .. at .. ',' .. string.sub(body, 2)
end

-- A member of the connections is "<connection>:<name>".
local function person(member)
  return string.sub(member, string.find(member, ':', 1, true) + 1)
end

-- May this person be in the room? 'private' is what its hash says; nobody may in a room that is not there.
-- A private room has members, and asks for them each time: so a removal holds whatever a worker believes.
local function may_enter(private, members, name)
  return private == '0' or private == '1' and redis.call('SISMEMBER', members, name) == 1
end

-- Refuse to change what the room could not be told, where the store denies its channel. Returns the
-- error, or nothing. It takes longer than a PUBLISH at the end is worth: not for each message.
local function untold(room)
  if not redis.acl_check_cmd('PUBLISH', room, '') then
    return redis.error_reply('NOPERM The channel of the room is denied')
  end
end

-- Tell the room of each name, all with the count as it is now; tell nothing without a body.
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

-- Take connections out of a room. Returns the names of those of whom it was the last one.
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

-- Refuse whoever may not say something in the room: a connection that is not in it, or a person who
-- may not enter it. Returns the error, or nothing.
local function refusal(private, conns, members, connection, name)
  if not may_enter(private, members, name) then return redis.error_reply('NOTFOUND') end
  if connection ~= '' and not redis.call('ZSCORE', conns, connection) then return redis.error_reply('NOTJOINED') end
end

-- Which life of the store's data an epoch was begun in: it is '<life>-<12 characters>', and that of an
-- older Maru has no life. See chat/condition.py.
local function life(epoch)
  return string.sub(epoch or '', 1, -14)
end

-- What the hash of a room says that is needed to say something there: private, seq, epoch, said.
local function known_of(room)
  return redis.call('HMGET', room, 'private', 'seq', 'epoch', 'said')
end

-- Forget what is noted of messages that the stream does not keep any more.
local function trim(stream, erased, edited, reactions)
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if not first then return end
  local number = string.sub(first[1], 3)
  redis.call('ZREMRANGEBYSCORE', erased, '-inf', '(' .. number)
  redis.call('ZREMRANGEBYSCORE', edited, '-inf', '(' .. number)
  redis.call('ZREMRANGEBYLEX', reactions, '-', string.format('(%016d', number))
end

-- Store a message. Takes the keys room, stream, people, erased, edits, edited, reactions, and what is
-- known of the room. Returns seq, sentAt, userCount, and what the caller tells the room last of all: the
-- store may deny that, and what a script has written by then stays.
local function append(keys, known, kind, at, body, sender, longest, epoch)
  local room, stream, people, erased, edits, edited, reactions = unpack(keys)
  local count = redis.call('HLEN', people)
  local stored = stamp(kind, count, at, body)
  local id = redis.call('XADD', stream, 'MAXLEN', '~', longest, '0-*', 'm', stored)
  local seq = tonumber(string.sub(id, 3))
  local heading = '{"seq":' .. seq .. ','
  local is_another = seq ~= tonumber(known[2] or 0) + 1
  -- In another life of the data this number may have been given before, to what the store has lost
  -- since; where the stream is not the one that the hash knew, cursors mean nothing either.
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

-- What a clientId led to before, as the answer to the same again; nothing if it is new. It does not
-- stand for something else: 'what' is the kind, and of a change also the message. An older version of
-- Maru noted no such thing.
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
