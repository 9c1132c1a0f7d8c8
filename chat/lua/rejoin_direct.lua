-- Make people who have ended their membership of a direct room its members again.
-- KEYS  room, members, account of who does it, marks, spoken, then of each of these people the account, the
--       rooms, the blocked inviters and the inviters
-- ARGV  userId of who does it, then userId, record...
-- Gives the userIds of those who were no members; NOTFOUND, GUEST, DEACTIVATED, BLOCKED.
local room, members, account, marks, spoken = unpack(KEYS, 1, 5)
local by = ARGV[1]
if redis.call('EXISTS', room) == 0 then return redis.error_reply('NOTFOUND') end
if role_in_maru(account) == 'guest' then return redis.error_reply('GUEST') end
-- The keys of the person at the place i of the arguments.
local function of_person(i) return unpack(KEYS, i * 2 + 2, i * 2 + 5) end
for i = 2, #ARGV, 2 do
  local their_account, _, blocked = of_person(i)
  if redis.call('HEXISTS', members, ARGV[i]) == 0 then
    if redis.call('HEXISTS', their_account, 'deactivatedAt') == 1 then return redis.error_reply('DEACTIVATED') end
    if redis.call('SISMEMBER', blocked, by) == 1 then return redis.error_reply('BLOCKED') end
  end
end
local back = {}
for i = 2, #ARGV, 2 do
  local _, rooms_of, _, inviters = of_person(i)
  add_to_own_rooms(rooms_of, room, clock(''))
  if redis.call('HSETNX', members, ARGV[i], ARGV[i + 1]) == 1 then
    back[#back + 1] = ARGV[i]
    -- It is news from now on: what was said before has been there.
    mark_all(room, marks, spoken, ARGV[i])
    if ARGV[i] ~= by then redis.call('HSET', inviters, id_of(room), by) end
  end
end
return back
