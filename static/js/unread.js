/**
 * How far this person has read each room in this browser: the seq of the newest entry, and the number of
 * messages (`said`) up to it. The unread number is the difference to the room's `said` now; edits and
 * reactions have a seq as well, but do not count as unread.
 */
import { page } from './page.js';

/** @typedef {{ seq: number, said: number }} Place */

/** @param {string} roomId */
const key = (roomId) => `maru.read.${page.myId}.${roomId}`;

/** The last place read; null for a room never opened in this browser. @param {string} roomId @returns {{ seq: number, said?: number } | null} */
export function lastRead(roomId) {
  const stored = localStorage.getItem(key(roomId)) ?? carriedOver(roomId);
  if (stored === null) return null;
  const [seq, said] = stored.split(' ').map(Number);
  return { seq, said };
}

/** Earlier versions stored it under the person's name. @param {string} roomId */
function carriedOver(roomId) {
  const before = `maru.read.${page.me}.${roomId}`;
  const stored = localStorage.getItem(before);
  if (stored !== null) localStorage.setItem(key(roomId), stored);
  localStorage.removeItem(before);
  return stored;
}

/** @param {string} roomId @param {Place} place */
export function markRead(roomId, { seq, said }) {
  const stored = `${seq} ${said}`;
  if (stored !== localStorage.getItem(key(roomId))) localStorage.setItem(key(roomId), stored);
}

/**
 * Messages of others since then. Of rooms never entered here it is all in those that others have added this
 * person to since, and none in the rest. Whoever has said the newest message has read the ones before it.
 *
 * @param {string} roomId
 * @param {Place & { saidById?: string, isNews?: boolean }} now
 */
export function unreadCount(roomId, { seq, said, saidById, isNews }) {
  const read = lastRead(roomId);
  if (!read) return isNews && saidById !== page.myId ? said : 0;
  if (saidById === page.myId && said !== read.said) {
    markRead(roomId, { seq, said });
    return 0;
  }
  // What was stored before messages were counted has the number alone.
  return Math.max(0, read.said === undefined ? Math.min(seq - read.seq, said) : said - read.said);
}

/** Another tab has read on. @param {() => void} run */
export function onReadElsewhere(run) {
  addEventListener('storage', (event) => {
    if (event.key?.startsWith('maru.read.')) run();
  });
}
