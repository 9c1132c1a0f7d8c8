-- The changes of messages that are not in the stream any more, as far as they stand behind what is archived.
-- KEYS  room, stream, edited
-- ARGV  the first and the last number of these messages, and the number up to which changes are archived
-- Gives 1, 1 if the room is encrypted or 0, and a list of the changes, in order: of each its number and what is stored.
-- Gives 0 alone where entries behind what is archived were trimmed meanwhile: then the archive has to be read again.
local room, stream, edited = unpack(KEYS)
local first, last, archived = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if missing_up_to(room) > archived then return {0} end
local is_sealed = redis.call('HGET', room, 'encrypted') == '1' and 1 or 0
return {1, is_sealed, changes_of(stream, edited, first, last, archived)}
