-- End the presence of a person in a room at once, with all connections. The person stays a member.
-- KEYS  room, conns, present
-- ARGV  now ('' for the store's clock), body of QUIT, userId
-- Gives how many connections there were.
local room, conns, present = unpack(KEYS)
if presence_of(present, ARGV[3]) == 0 then return 0 end
local denied = publish_denied(room)
if denied then return denied end
local lease_ids = lease_ids_of(conns, ARGV[3])
local gone, names = depart(conns, present, lease_ids)
announce(room, present, 'QUIT', clock(ARGV[1]), ARGV[2], gone, names)
return #lease_ids
