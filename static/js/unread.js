/** How far this person has read each room, in this browser. */
import { page } from './page.js';

/** @param {string} roomId */
const key = (roomId) => `maru.read.${page.me}.${roomId}`;

/** The number of the last message read; 0 for a room never entered here. @param {string} roomId */
export function lastRead(roomId) {
  return Number(localStorage.getItem(key(roomId)) ?? 0);
}

/** @param {string} roomId @param {number} seq */
export function markRead(roomId, seq) {
  if (seq !== lastRead(roomId)) localStorage.setItem(key(roomId), String(seq));
}

/** Messages since then; none in rooms never entered here. @param {string} roomId @param {number} seq */
export function unreadCount(roomId, seq) {
  const read = localStorage.getItem(key(roomId));
  return read === null ? 0 : Math.max(0, seq - Number(read));
}

/** Another tab has read on. @param {() => void} run */
export function onReadElsewhere(run) {
  addEventListener('storage', (event) => {
    if (event.key?.startsWith('maru.read.')) run();
  });
}
