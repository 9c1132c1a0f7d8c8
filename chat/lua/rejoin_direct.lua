-- Make the people of a direct room who have left it its members again.
-- KEYS  room, members, account of who does it, then the rooms and the refused of each of these people
-- ARGV  userId of who does it, then userId, record...
-- Gives the userIds of those who were no members; NOTFOUND, GUEST, REFUSED.
local room, members, account = unpack(KEYS, 1, 3)
if redis.call('EXISTS', room) == 0 then return redis.error_reply('NOTFOUND') end
if role_in_maru(account) == 'guest' then return redis.error_reply('GUEST') end
for i = 2, #ARGV, 2 do
  local is_refused = redis.call('SISMEMBER', KEYS[3 + i], ARGV[1]) == 1
  if is_refused and redis.call('HEXISTS', members, ARGV[i]) == 0 then return redis.error_reply('REFUSED') end
end
local back = {}
for i = 2, #ARGV, 2 do
  if redis.call('HSETNX', members, ARGV[i], ARGV[i + 1]) == 1 then back[#back + 1] = ARGV[i] end
  list_room(KEYS[2 + i], room, clock(''))
end
return back
