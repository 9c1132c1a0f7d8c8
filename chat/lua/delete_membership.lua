-- Delete what a room was to a person who is no member of it any more; nothing for a member.
-- KEYS  members, marks, and of the person the rooms, levels, starred rooms and inviters
-- ARGV  userId, roomId
-- Gives 1, or 0 for a member.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
delete_membership({unpack(KEYS, 2)}, ARGV[1], ARGV[2])
return 1
