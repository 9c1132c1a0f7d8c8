-- Make the people of a direct room who have left it its members again.
-- KEYS  room, members, account of who does it, then the rooms of each of these people
-- ARGV  userId, record...
-- Gives the userIds of those who were no members; NOTFOUND, GUEST.
local room, members, account = unpack(KEYS, 1, 3)
if redis.call('EXISTS', room) == 0 then return redis.error_reply('NOTFOUND') end
if role_in_maru(account) == 'guest' then return redis.error_reply('GUEST') end
local back = {}
for i = 1, #ARGV, 2 do
  if redis.call('HSETNX', members, ARGV[i], ARGV[i + 1]) == 1 then back[#back + 1] = ARGV[i] end
  list_room(KEYS[3 + (i + 1) / 2], room, clock(''))
end
return back
