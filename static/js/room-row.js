/** Fills a room in a list, which room_row() in templates/_rows.html describes. */
import { address, figure } from './page.js';
import { blankRow, partOf } from './row-templates.js';

/**
 * @typedef {object} Room
 * @property {string} roomId
 * @property {string} [name]
 * @property {number} [userCount]
 * @property {boolean} [private]
 * @property {'open' | 'private' | 'direct'} [kind]
 * @property {boolean} [encrypted]
 * @property {string[]} [others] userIds of the other people of a direct room
 * @property {import('./known-people.js').Person[]} [people] of a direct room, as /api/me/rooms has them
 * @property {boolean} [closed] it is no more
 */

/** @param {Room} room */
export function roomRow(room) {
  const row = blankRow('room');
  row.dataset.roomId = room.roomId;
  if (room.others) row.dataset.others = room.others.join(' ');
  partOf(row, 'a').setAttribute('href', address(`/rooms/${encodeURIComponent(room.roomId)}`));
  showName(row, room.name ?? '');
  const mark = room.encrypted ? 'encrypted' : room.private && room.kind !== 'direct' ? 'private' : '';
  row.querySelectorAll(`.room-mark:not([data-mark="${mark}"])`).forEach((other) => other.remove());
  showCount(row, room.userCount ?? 0);
  return row;
}

/** @param {HTMLElement} row @param {number} count people in the room */
export function showCount(row, count) {
  const presence = partOf(row, '.presence');
  presence.classList.toggle('nobody', count === 0);
  partOf(presence, '.figure').textContent = figure(count);
}

/** @param {HTMLElement} row @param {number} count messages not read */
export function showUnread(row, count) {
  const badge = /** @type {HTMLElement | null} */ (row.querySelector('.room-unread')) ?? (count ? addBadge(row) : null);
  if (!badge) return;
  badge.hidden = count === 0;
  row.classList.toggle('has-unread', count > 0);
  partOf(badge, '.figure').textContent = count > 99 ? '99+' : count ? figure(count) : '';
}

/** @param {HTMLElement} row */
function addBadge(row) {
  const badge = blankRow('unread');
  partOf(row, '.presence').before(badge);
  return badge;
}

/** @param {HTMLElement} row @param {string} name */
export function showName(row, name) {
  partOf(row, '.room-name').textContent = name;
}
