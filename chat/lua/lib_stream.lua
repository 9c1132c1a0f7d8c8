-- Functions about a room's stream that scripts share, like those of lib.lua, which they may call.

-- Entries have been trimmed from the stream: note up to which number, and delete what is noted about them. Of changes
-- some are looked at: more than were trimmed, so that they do not pile up.
local function trim(room, stream, erased, edited, reactions)
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local number = first and tonumber(string.sub(first[1], 3)) or tonumber(redis.call('HGET', room, 'seq') or 0) + 1
  redis.call('HSET', room, 'trimmed', number - 1)
  redis.call('ZREMRANGEBYSCORE', erased, '-inf', '(' .. number)
  redis.call('ZREMRANGEBYLEX', reactions, '-', string.format('(%016d', number))
  for _, change in ipairs(redis.call('ZRANDMEMBER', edited, 300)) do
    if tonumber(change) < number then redis.call('ZREM', edited, change) end
  end
end

-- The numbers up to which a room's stream may lack messages: those that were trimmed, and those that the store has
-- lost and the archive has (heal.lua). The archive has what is missing.
local function missing_up_to(room)
  local trimmed, lost = unpack(redis.call('HMGET', room, 'trimmed', 'lost'))
  return tonumber(trimmed or 0), tonumber(lost or 0)
end

-- The changes of messages from 'first' to 'last' that stand in the stream behind the number 'archived', in order: pairs
-- of number and what is stored.
local function changes_of(stream, edited, first, last, archived)
  local numbers, found = {}, {}
  -- A change that is no edit is noted a half above the message's number.
  for _, number in ipairs(redis.call('ZRANGEBYSCORE', edited, first, last + 0.5)) do
    if tonumber(number) > archived then numbers[#numbers + 1] = tonumber(number) end
  end
  table.sort(numbers)
  for _, number in ipairs(numbers) do
    local entry = redis.call('XRANGE', stream, '0-' .. number, '0-' .. number)[1]
    if entry then found[#found + 1], found[#found + 2] = number, entry[2][2] end
  end
  return found
end

-- The TALKs behind the number 'from' up to 'last', which the stream has: how many of them are this person's, and the
-- ordinal of the first. With 'is_first' none are counted.
local function talks_between(stream, from, last, id, is_first)
  local own, first, start = 0, nil, '(0-' .. string.format('%.0f', from)
  repeat
    local entries = redis.call('XRANGE', stream, start, '0-' .. string.format('%.0f', last), 'COUNT', is_first and 5 or 100)
    for _, entry in ipairs(entries) do
      local stored = entry[2][2]
      -- What a person writes has no quote that is not escaped: the first senderId is the message's own.
      if string.sub(stored, 1, 15) == '{"type":"TALK",' then
        first = first or tonumber(string.match(stored, '"n":(%d+)'))
        if is_first and first then return 0, first end
        if string.match(stored, '"senderId":"([^"]*)"') == id then own = own + 1 end
      end
    end
    start = #entries > 0 and '(' .. entries[#entries][1]
  until not start
  return own, first
end

-- A TALK with the ordinal 'n' is gone: count it no more as said by its sender.
local function count_no_more(spoken, marks, n, sender)
  redis.call('HINCRBY', spoken, sender, -1)
  local seq, read_n, own = mark_of(marks, sender)
  if n <= read_n then set_mark(marks, sender, seq, read_n, own - 1) end
end

-- Whom a text mentions: of each '@' the first of its readings that is a member's name. 'readings' is from
-- chat/mentions.py. Gives userIds and the words 'here' and 'all', each once, and as JSON what each is called in the text.
local function mentioned_by(readings, names, members)
  local found, seen, called = {}, {}, {}
  for _, of_word in ipairs(readings ~= '' and cjson.decode(readings) or {}) do
    for _, reading in ipairs(of_word) do
      local id = string.match(reading, '^%*(%a+)$')
      if not id then
        local holder = redis.call('HGET', names, reading)
        id = holder and redis.call('HEXISTS', members, holder) == 1 and holder
      end
      if id then
        if not seen[id] then found[#found + 1], seen[id] = id, true end
        called[#called + 1] = '"' .. string.gsub(reading, '^%*', '') .. '":"' .. id .. '"'
        break
      end
    end
  end
  return found, table.concat(called, ',')
end

-- A body with its mentions in front.
local function with_mentions(body, mentioned, called)
  if #mentioned == 0 then return body end
  return '{"mentions":["' .. table.concat(mentioned, '","') .. '"],"mentionNames":{' .. called .. '},' .. string.sub(body, 2)
end

-- Note whom a TALK mentions; 'place' is its ordinal, number and the time in ms. Gives the userIds of these people, but for
-- the sender.
local function note_mentions(mentions, members, present, mentioned, place, sender)
  local n, seq, at = unpack(place)
  local behind = string.format(':%016.0f:%.0f:%.0f', n, seq, at)
  local ids, people = {}, {}
  for _, id in ipairs(mentioned) do ids[id] = true end
  if ids.all then
    redis.call('ZADD', mentions, 0, '*' .. behind, 0, '-' .. sender .. behind)
    for _, id in ipairs(redis.call('HKEYS', members)) do ids[id] = true end
  elseif ids.here then
    for _, id in ipairs(redis.call('HKEYS', present)) do ids[id] = true end
  end
  local everybody = ids.all
  ids.all, ids.here, ids[sender] = nil, nil, nil
  for id in pairs(ids) do
    people[#people + 1] = id
    if not everybody then redis.call('ZADD', mentions, 0, id .. behind) end
  end
  return people
end

-- TALKs mention nobody any more: of each its ordinal, its number, its sender, and whom it mentioned.
local function forget_mentions(mentions, talks)
  local of_those_here = {}
  for _, talk in ipairs(talks) do
    local n, seq, sender, mentioned = unpack(talk)
    local place = string.format(':%016.0f:%.0f:', n, seq)
    for _, id in ipairs(mentioned) do
      local whose = id == 'all' and {'*', '-' .. sender} or {id}
      for _, one in ipairs(whose) do redis.call('ZREMRANGEBYLEX', mentions, '[' .. one .. place, '(' .. one .. place .. ';') end
      if id == 'here' then of_those_here[place] = true end
    end
  end
  -- Who was here is not known any more: look at all, once.
  local cursor = next(of_those_here) and '0'
  while cursor do
    local scanned = redis.call('ZSCAN', mentions, cursor, 'COUNT', 1000)
    for i = 1, #scanned[2], 2 do
      if of_those_here[string.match(scanned[2][i], '(:%d+:%d+:)%d+$')] then redis.call('ZREM', mentions, scanned[2][i]) end
    end
    cursor = scanned[1] ~= '0' and scanned[1]
  end
end

-- Tell people on all their connections that a message mentions them. Names have nothing that JSON would escape.
local function tell_mentioned(control, people, room, seq, sender, name)
  if #people == 0 then return end
  local event = '{"type":"mention","roomId":"' .. id_of(room) .. '","seq":' .. string.format('%.0f', seq) ..
    ',"sender":"' .. name .. '","senderId":"' .. sender .. '"}'
  redis.call('PUBLISH', control, '{"me":[[["' .. table.concat(people, '","') .. '"],' .. event .. ']]}')
end

-- A TALK is deleted: count it no more, neither as said by its sender, nor as unread. 'n' is its ordinal.
local function note_deleted(room, deleted, spoken, marks, n, sender)
  redis.call('HINCRBY', room, 'deleted', 1)
  redis.call('ZADD', deleted, n, n)
  count_no_more(spoken, marks, n, sender)
end

-- The number above which a room goes on where the store may have lost some: higher than those in 'known', and than any
-- that it has given out and lost. For it is the time in tenths of ms since 2020, and no room has ten messages in each
-- ms of its life. It stays below 10^14, up to which Lua writes numbers in full.
local function number_at(at, known)
  return math.max((at - 1577836800000) * 10, known)
end

-- Let a room go on above a number: the next message has the one after it. It must be higher than all in the stream.
local function go_on_above(room, stream, number)
  redis.call('XADD', stream, '0-' .. number, 'm', '')
  redis.call('XDEL', stream, '0-' .. number)
  redis.call('HSET', room, 'seq', number)
end

-- Store a message. Takes the keys room, stream, present, erased, edited, reactions, unarchived, spoken, and the result of
-- fields_of. Returns seq, sentAt, userCount, and the text that the caller publishes last of all: the store may
-- deny that, and what a script has written by then stays.
local function append(keys, fields, kind, at, body, sender, name, epoch)
  local room, stream, present, erased, edited, reactions, unarchived, spoken = unpack(keys)
  local count = redis.call('HLEN', present)
  local said = tonumber(fields[4] or 0) + 1
  local stored = stamp(kind, count, at, kind == 'TALK' and '{"n":' .. said .. ',' .. string.sub(body, 2) or body)
  local id = redis.call('XADD', stream, '0-*', 'm', stored)
  local seq, top, begun = tonumber(string.sub(id, 3)), tonumber(fields[2] or 0), ''
  local is_another = seq ~= top + 1
  -- In another life of the data this number may already have been given to a message that the store has
  -- lost. If the stream does not continue the hash's seq, old cursors are not valid either.
  if is_another or life(fields[3]) ~= life(epoch) then
    redis.call('XDEL', stream, id)
    seq = number_at(at, math.max(seq, top)) + 1
    redis.call('XADD', stream, '0-' .. seq, 'm', stored)
    redis.call('HSET', room, 'epoch', epoch)
    if is_another then redis.call('DEL', erased, edited, reactions) end
    begun = '"epoch":"' .. epoch .. '",'
  end
  if kind == 'TALK' then
    redis.call('HSET', room, 'seq', seq, 'activeAt', at, 'saidBy', name, 'saidById', sender, 'said', said)
    redis.call('HINCRBY', spoken, sender, 1)
  else
    redis.call('HSET', room, 'seq', seq, 'activeAt', at)
  end
  if not fields[6] then
    -- The first entry that is not archived: the follower looks after the room until it has all (archived.lua).
    redis.call('HSET', room, 'unarchived', 1)
    redis.call('ZADD', unarchived, 'NX', at, id_of(room))
  end
  return seq, at, count, '{"seq":' .. seq .. ',' .. begun .. string.sub(stored, 2)
end
