-- Note that a person knows who added the person to a room, unless somebody else has done so meanwhile.
-- KEYS  inviters of the person
-- ARGV  roomId, userId of who has added the person as read, what stands behind it from now on
-- Gives 1, or 0 where that is somebody else by now, or is noted already.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
return 1
