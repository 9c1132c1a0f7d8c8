-- Store a member's new name, which scripts publish in ENTER and QUIT, and which is the owner's on the room.
-- KEYS  room, members, present
-- ARGV  userId, name
-- Gives 1, or 0 if that is no member.
local role, muted_until = membership(KEYS[2], ARGV[1])
if not role then return 0 end
local connections = presence_of(KEYS[3], ARGV[1])
if connections > 0 then redis.call('HSET', KEYS[3], ARGV[1], connections .. ' ' .. ARGV[2]) end
redis.call('HSET', KEYS[2], ARGV[1], record_of(role, muted_until, ARGV[2]))
if redis.call('HGET', KEYS[1], 'ownerId') == ARGV[1] then redis.call('HSET', KEYS[1], 'owner', ARGV[2]) end
return 1
