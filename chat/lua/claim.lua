-- Claim rooms whose leases are due to be checked, so that other workers do not check them meanwhile.
-- If no worker has claimed for a while, no lease could be renewed either: the store or all workers were
-- away, or the clock was set forward. Then no room is given out for the length of one lease, so that
-- everybody can renew. A stored time further ahead than possible is from before the clock was set back;
-- such rooms are due at once.
-- KEYS  occupied, reaped
-- ARGV  now ('' for the store's clock), how many at the most, for how long in ms,
--       time without claims that counts as an outage in ms, lease in ms
-- Gives the time at which the claim ends, then the room ids.
local at, lease = clock(ARGV[1]), tonumber(ARGV[5])
local ends = at + tonumber(ARGV[3])
local asked, resumes = string.match(redis.call('GET', KEYS[2]) or '', '(%d+) (%d+)')
if asked and at - asked > tonumber(ARGV[4]) then resumes = at + lease end
resumes = math.min(tonumber(resumes or 0), at + lease)
redis.call('SET', KEYS[2], string.format('%d %d', at, resumes))
if at < resumes then return {ends} end
local rooms = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', at, 'LIMIT', 0, ARGV[2])
local doubtful = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ends + lease, '+inf', 'LIMIT', 0, ARGV[2])
for _, room in ipairs(doubtful) do
  if #rooms < tonumber(ARGV[2]) then rooms[#rooms + 1] = room end
end
for _, room in ipairs(rooms) do redis.call('ZADD', KEYS[1], ends, room) end
return {ends, unpack(rooms)}
