-- Change fields of a room. The owner and moderators may; how long messages are kept is the owner's alone. In a direct
-- room every member may change all else. In the same step a new name takes the place of the old one in the names.
-- KEYS  room, members, account of who does it, the list of names
-- ARGV  who does it (see rights_in), the name as it was read, number of entries of that name, entry..., number of entries
--       of the new name, entry..., field, value...
-- Gives 1, or 0 where the room has another name than was read; NOTFOUND, GUEST, NOTALLOWED.
local room, members, account, names = unpack(KEYS)
local rights = rights_in(room, members, account, ARGV[1])
if rights.refused then return rights.refused end
local may = rights.moderates or rights.role and rights.kind == 'direct'
if not may then return redis.error_reply('NOTALLOWED') end
if redis.call('HGET', room, 'name') ~= ARGV[2] then return 0 end
local before, next = parse_list(ARGV, 3)
local after, rest = parse_list(ARGV, next)
for i = rest, #ARGV, 2 do
  if ARGV[i] == 'historyDays' and rights.role ~= 'owner' then return redis.error_reply('NOTALLOWED') end
end
for _, entry in ipairs(before) do redis.call('ZREM', names, entry) end
add_to_names(names, after)
redis.call('HSET', room, unpack(ARGV, rest))
return 1
