-- Take the rooms that need the reaper's look, so that other workers leave them alone meanwhile.
-- Nobody having asked for a while means that nobody could renew a lease either: the store was away,
-- or all workers were. Then no room is given out until everybody has had the time of one lease.
-- KEYS  occupied, reaped
-- ARGV  now ('' for the store's clock), how many at the most, for how long in ms,
--       silence that counts as an outage in ms, lease in ms
-- Gives the time at which the claim ends, then the room ids.
local at = clock(ARGV[1])
local ends = at + tonumber(ARGV[3])
local asked, resumes = string.match(redis.call('GET', KEYS[2]) or '', '(%d+) (%d+)')
if asked and at - asked > tonumber(ARGV[4]) then resumes = at + tonumber(ARGV[5]) end
redis.call('SET', KEYS[2], at .. ' ' .. (resumes or 0))
if at < tonumber(resumes or 0) then return {ends} end
local rooms = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', at, 'LIMIT', 0, ARGV[2])
for _, room in ipairs(rooms) do redis.call('ZADD', KEYS[1], ends, room) end
return {ends, unpack(rooms)}
