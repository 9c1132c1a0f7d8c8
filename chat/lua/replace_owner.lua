-- Make a member the owner of a room whose owner's account was deleted.
-- KEYS  room, members, account of that member, rooms that the member owns, rooms that the owner owns
-- ARGV  userId of the owner, userId of the member
-- Gives 1, or 0 where the room has another owner by now, or that is no member any more or a deleted account.
local room, members, account, owned, owned_before = unpack(KEYS)
local before, id = ARGV[1], ARGV[2]
local role, _, name = membership(members, id)
local is_gone = not role or redis.call('HEXISTS', account, 'deletedAt') == 1
if is_gone or redis.call('HGET', room, 'ownerId') ~= before then return 0 end
local _, _, called = membership(members, before)
if called then redis.call('HSET', members, before, record_of('member', 0, called)) end
redis.call('HSET', members, id, record_of('owner', 0, name))
redis.call('HSET', room, 'ownerId', id, 'owner', name)
redis.call('SREM', owned_before, id_of(room))
redis.call('SADD', owned, id_of(room))
return 1
