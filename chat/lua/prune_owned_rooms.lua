-- Take out of the rooms that a person owns those that are gone or have another owner.
-- KEYS  the rooms that the person owns, then the key of each of these rooms
-- ARGV  userId, the id of each of these rooms
-- Gives how many were taken out.
local count = 0
for i = 2, #ARGV do
  if redis.call('HGET', KEYS[i], 'ownerId') ~= ARGV[1] then count = count + redis.call('SREM', KEYS[1], ARGV[i]) end
end
return count
