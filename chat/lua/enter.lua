-- Connections enter a room, each with a lease; the lease of one that is already in is renewed. Whoever enters an open
-- room becomes a member of it. Not if the worker gives an epoch, to renew a lost lease: the person may have ended the
-- membership meanwhile.
-- Connections of people who may not be in the room are skipped.
-- KEYS  room, conns, present, members, banned, marks, spoken, then for each lease the account and the rooms of its person
-- ARGV  now ('' for the store's clock), lease in ms, body of ENTER ('' to tell nobody), the epoch that
--       the worker knows ('' if it knows none yet), then for each lease: its id and the person's name,
--       which is used where the store has lost the account
-- Gives userCount, then the userIds of people who have become members; NOTFOUND, NOTJOINED, BANNED or GUEST if
-- none may enter.
local room, conns, present, members, banned, marks, spoken = unpack(KEYS, 1, 7)
local at, body = clock(ARGV[1]), ARGV[3]
local private, epoch = unpack(redis.call('HMGET', room, 'private', 'epoch'))
-- In another epoch the store has lost who was here. These people never left, so no ENTER is published.
if ARGV[4] ~= '' and ARGV[4] ~= epoch then body = '' end
local came, names, became, refused, entered = {}, {}, {}, nil, 0
for i = 5, #ARGV, 2 do
  local lease_id, name, account, rooms_of = ARGV[i], ARGV[i + 1], KEYS[i + 3], KEYS[i + 4]
  local id = person_of(lease_id)
  local role, muted_until, called = membership(members, id)
  local no = no_access(private, role, banned, id, at)
  if not no and not role and ARGV[4] == epoch then no = redis.error_reply('NOTJOINED') end
  local in_maru, current_name = role_in_maru(account)
  if not no and in_maru == 'guest' then no = redis.error_reply('GUEST') end
  name = current_name or name
  refused = refused or no
  if not no then
    entered = entered + 1
    add_to_own_rooms(rooms_of, room, at)
    if called ~= name then
      -- The person is new here, or was renamed.
      redis.call('HSET', members, id, record_of(role or 'member', muted_until or 0, name))
      if role == 'owner' then redis.call('HSET', room, 'owner', name) end
    end
    if not role then
      became[#became + 1] = id
      -- What was said before is nothing new to who comes in: it was there to be read.
      mark_all(room, marks, spoken, id)
      redis.call('HDEL', banned, id)
    end
    if redis.call('ZADD', conns, at + tonumber(ARGV[2]), lease_id) == 1 then
      local connections = presence_of(present, id)
      redis.call('HSET', present, id, connections + 1 .. ' ' .. name)
      if connections == 0 then came[#came + 1], names[id] = id, name end
    end
  end
end
if entered == 0 then return refused end
return {announce(room, present, 'ENTER', at, body, came, names), unpack(became)}
