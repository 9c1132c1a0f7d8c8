-- Functions that scripts share: each script is loaded with those that it needs in front. Each is one paragraph.

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

-- The userId in the id of a lease, which is "<sid>:<userId>".
local function person_of(lease_id)
  return string.sub(lease_id, string.find(lease_id, ':', 1, true) + 1)
end

-- A person's membership: role, the time until which the person is muted in ms, and name; nothing for others.
local function membership(members, id)
  local record = redis.call('HGET', members, id)
  if record then return string.match(record, '^(%a+) (%d+) (.*)$') end
end

-- The role of an account in Maru ('guest' also for one that is deactivated) and its name; nothing for one that the
-- store has lost. A worker may have read the account before it was changed, so scripts ask again.
local function role_in_maru(account)
  local role, off, name = unpack(redis.call('HMGET', account, 'role', 'deactivatedAt', 'name'))
  return off and 'guest' or role, name
end

-- What somebody may do who changes a room: a table with 'refused' (the error for who may do nothing there), 'role'
-- (nothing for no member), 'moderates' (whether it is the owner's or a moderator's), and the room's 'private',
-- 'kind' and 'owner'. 'actor' is a userId, and 'account' the key of that account. An admin's has '*' before it:
-- an admin may do what the owner may in each room that he or she can see, but in a direct room, where
-- everybody is a plain member.
local function rights_in(room, members, account, actor)
  local private, kind, owner = unpack(redis.call('HMGET', room, 'private', 'kind', 'ownerId'))
  if not private then return {refused = redis.error_reply('NOTFOUND')} end
  local in_maru = role_in_maru(account)
  if in_maru == 'guest' then return {refused = redis.error_reply('GUEST')} end
  local star, id = string.match(actor, '^(%*?)(.*)$')
  local role = membership(members, id)
  if not role and private ~= '0' then return {refused = redis.error_reply('NOTFOUND')} end
  if star == '*' and in_maru == 'admin' and kind ~= 'direct' then role = 'owner' end
  local moderates = role == 'owner' or role == 'moderator'
  return {role = role, moderates = moderates, private = private, kind = kind, owner = owner}
end

-- The id in the key of a room.
local function id_of(room)
  return string.match(room, '{([^{}]*)}$')
end

-- Parse a list among the arguments: at the place 'at' stands its length, and its items behind that. Gives the list
-- and the place behind it.
local function parse_list(args, at)
  local list, last = {}, at + tonumber(args[at])
  for i = at + 1, last do list[#list + 1] = args[i] end
  return list, last + 1
end

-- Add the endings of an open room's name to the index of names; a private room has none. See chat/room_index.py.
local function add_to_names(names, entries)
  for _, entry in ipairs(entries) do redis.call('ZADD', names, 0, entry) end
end

-- Add a room to the indexes of all rooms: by activity in ms, and an open one also by activity among the open ones, and
-- by the endings of its name.
local function add_to_all_rooms(lists, room, at, entries)
  local rooms, open, names = unpack(lists)
  redis.call('ZADD', rooms, at, id_of(room))
  if #entries > 0 then redis.call('ZADD', open, 'NX', at, id_of(room)) end
  add_to_names(names, entries)
end

-- Add a room to the index of a person's rooms, in the step in which the person becomes a member.
local function add_to_own_rooms(rooms_of, room, at)
  redis.call('ZADD', rooms_of, 'NX', at, id_of(room))
end

-- Delete what a room was to a person who is no member of it any more. 'own' are the keys of the room's marks, and of the
-- person's rooms, levels, starred rooms and inviters.
local function delete_membership(own, id, room_id)
  local marks, rooms_of, levels, starred, inviters = unpack(own)
  redis.call('HDEL', marks, id)
  redis.call('ZREM', rooms_of, room_id)
  redis.call('SREM', starred, room_id)
  for _, of_room in ipairs({levels, inviters}) do redis.call('HDEL', of_room, room_id) end
end

-- How far a person has read: the number, the ordinal of the last TALK up to it, and how many of the person's own TALKs
-- up to there are not deleted. Zeros for who has read nothing.
local function mark_of(marks, id)
  local seq, n, own = string.match(redis.call('HGET', marks, id) or '0 0 0', '^(%d+) (%d+) (%d+)$')
  return tonumber(seq), tonumber(n), tonumber(own)
end

local function set_mark(marks, id, seq, n, own)
  redis.call('HSET', marks, id, string.format('%.0f %.0f %.0f', seq, n, own))
end

-- A person has read all that was said in the room until now.
local function mark_all(room, marks, spoken, id)
  local seq, said = unpack(redis.call('HMGET', room, 'seq', 'said'))
  set_mark(marks, id, seq or 0, said or 0, redis.call('HGET', spoken, id) or 0)
end

local function record_of(role, muted_until, name)
  return role .. ' ' .. muted_until .. ' ' .. name
end

local function is_banned(banned, id, at)
  local till = redis.call('HGET', banned, id)
  return till and (till == '0' or tonumber(till) > at)
end

-- The error for a person who may not be in the room; else nothing. 'private' is that field of the room's hash;
-- in a room that does not exist nobody may be. Everybody is checked each time: so a removal and a ban take
-- effect at once, even if a worker has not heard of them.
local function no_access(private, role, banned, id, at)
  if role and private then return end
  if private ~= '0' then return redis.error_reply('NOTFOUND') end
  if is_banned(banned, id, at) then return redis.error_reply('BANNED') end
end

-- The error where the store's user may not publish on the room's channel; else nothing. To be called before
-- anything is written. It costs more than the PUBLISH at the end of a message: it is not called for each.
local function publish_denied(room)
  if not redis.acl_check_cmd('PUBLISH', room, '') then
    return redis.error_reply('NOPERM The channel of the room is denied')
  end
end

-- Publish a message for each person (ENTER or QUIT), all with the present count; none if body is ''. 'people'
-- are userIds, and 'names' their names. Returns the count.
local function announce(room, present, kind, at, body, people, names)
  local count = redis.call('HLEN', present)
  if #people > 0 and redis.call('EXISTS', room) == 1 then
    redis.call('HSET', room, 'userCount', count)
    for _, id in ipairs(body ~= '' and people or {}) do
      local filled = string.gsub(body, '{(%a+)}', {name = names[id] or id, id = id})
      redis.call('PUBLISH', room, stamp(kind, count, at, filled))
    end
  end
  return count
end

-- How many connections a person has in the room, and the person's name; 0 if none.
local function presence_of(present, id)
  local connections, name = string.match(redis.call('HGET', present, id) or '0 ', '^(%d+) (.*)$')
  return tonumber(connections), name
end

-- The ids of a person's leases in the room. The store compares them: here thousands would take long.
local function lease_ids_of(conns, id)
  local found, cursor = {}, '0'
  repeat
    local scanned = redis.call('ZSCAN', conns, cursor, 'MATCH', '*:' .. id, 'COUNT', 1000)
    cursor = scanned[1]
    for i = 1, #scanned[2], 2 do found[#found + 1] = scanned[2][i] end
  until cursor == '0'
  return found
end

-- Remove the connections with these leases from a room. Returns the userIds of people whose last connection it was, and
-- their names.
local function depart(conns, present, lease_ids)
  local gone, names = {}, {}
  for _, lease_id in ipairs(lease_ids) do
    if redis.call('ZREM', conns, lease_id) == 1 then
      local id = person_of(lease_id)
      local left, name = presence_of(present, id)
      if left > 1 then
        redis.call('HSET', present, id, left - 1 .. ' ' .. name)
      else
        redis.call('HDEL', present, id)
        gone[#gone + 1], names[id] = id, name
      end
    end
  end
  return gone, names
end

-- The error for somebody who may not speak in the room now; else nothing, and the person's record as stored.
-- 'lease_id' is that of the connection that has to be in the room, or ''. 'fields' is the result of fields_of.
-- 'account' is asked where it is given. With a lease it need not be: whoever is made a guest or deactivated is taken
-- out of all rooms (end_presence.lua), so that a message costs no look at the account.
local function no_speech(fields, members, conns, banned, lease_id, id, at, account)
  if account and role_in_maru(account) == 'guest' then return redis.error_reply('GUEST') end
  local record = redis.call('HGET', members, id)
  local refused = no_access(fields[1], record, banned, id, at)
  if refused then return refused end
  if lease_id ~= '' and not redis.call('ZSCORE', conns, lease_id) then return redis.error_reply('NOTJOINED') end
  -- Nearly everybody has the 0 of who is not muted: the record is not taken apart for that.
  if record and not string.find(record, ' 0 ', 1, true) then
    local muted_until = string.match(record, ' (%d+) ')
    if tonumber(muted_until) > at then return redis.error_reply('MUTED ' .. muted_until) end
  end
  if fields[5] == '1' then return redis.error_reply('ARCHIVED') end
  return nil, record
end

-- The life of the store's data in which an epoch began: an epoch is '<life>-<12 characters>'; from older
-- versions of Maru it has no life. See chat/store/identity.py.
local function life(epoch)
  return string.sub(epoch or '', 1, -14)
end

-- The fields of a room's hash that a new message needs: private, seq, epoch, said, archived, unarchived.
local function fields_of(room)
  return redis.call('HMGET', room, 'private', 'seq', 'epoch', 'said', 'archived', 'unarchived')
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

-- Whether this person may take a name: nobody else has it, or gave it up so lately that it is kept for them.
-- 'names' and 'former' are those keys, 'at' is the time in ms.
local function is_free(names, former, folded, id, at)
  local holder = redis.call('HGET', names, folded)
  if holder then return holder == id end
  local last, ends = string.match(redis.call('HGET', former, folded) or '', '^(%S+) (%d+)$')
  return not last or last == id or tonumber(ends) <= at
end

-- Take a name out of use. Until 'ends' (ms) only this person may take it again. Of some other names that time
-- is over: they are forgotten, a few at a time, so that they do not pile up.
local function give_up(names, former, folded, id, ends)
  local at = clock('')
  local some = redis.call('HRANDFIELD', former, 3, 'WITHVALUES')
  for i = 1, #some, 2 do
    if tonumber(string.match(some[i + 1], '%d+$')) <= at then redis.call('HDEL', former, some[i]) end
  end
  redis.call('HDEL', names, folded)
  redis.call('HSET', former, folded, id .. ' ' .. string.format('%.0f', ends))
end

-- Whether one of these accounts is of an admin who is not deactivated; those before the place 'from' do not count.
local function has_admin(accounts, from)
  for i = from, #accounts do
    local role, off = unpack(redis.call('HMGET', accounts[i], 'role', 'deactivatedAt'))
    if role == 'admin' and not off then return true end
  end
  return false
end
