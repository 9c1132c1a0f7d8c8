-- Make the people of a direct room who have left it its members again.
-- KEYS  room, members
-- ARGV  userId, record...
-- Gives the userIds of those who were no members; NOTFOUND.
if redis.call('EXISTS', KEYS[1]) == 0 then return redis.error_reply('NOTFOUND') end
local back = {}
for i = 1, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1]) == 1 then back[#back + 1] = ARGV[i] end
end
return back
