/** A room in a list: the element that room_link() in templates/_parts.html draws. */
import { aside, element, icon } from './dom.js';
import { address, figure, t } from './page.js';

/**
 * @typedef {object} Room
 * @property {string} roomId
 * @property {string} [name]
 * @property {number} [userCount]
 * @property {number} [seq]
 * @property {number} [said] messages, those deleted since too
 * @property {string} [saidBy] the sender of the newest
 * @property {boolean} [private]
 * @property {boolean} [encrypted]
 * @property {boolean} [closed] it is no more
 */

/** @param {Room} room */
export function roomLink(room) {
  const link = element('a', { href: address(`/rooms/${encodeURIComponent(room.roomId)}`) });
  link.append(element('span', { class: 'room-name', dir: 'auto' }, room.name ?? ''));
  if (room.encrypted || room.private) {
    const words = t(room.encrypted ? 'encrypted' : 'private');
    const mark = icon(room.encrypted ? 'lock' : 'key');
    link.append(element('span', { class: 'room-mark', title: words }, mark, aside(words)));
  }
  link.append(
    element('span', { class: 'room-unread', hidden: true }, element('span', { class: 'figure' }), aside(` ${t('unread')}`)),
    element(
      'span',
      { class: 'presence' },
      element('span', { class: 'dot' }),
      element('span', { class: 'figure' }),
      aside(` ${t('here_now')}`),
    ),
  );
  const row = element('li', { class: 'room-link', 'data-room-id': room.roomId }, link);
  showTalk(row, room);
  showCount(row, room.userCount ?? 0);
  return row;
}

/** @param {HTMLElement} row @param {number} count people in the room */
export function showCount(row, count) {
  const presence = /** @type {HTMLElement} */ (row.querySelector('.presence'));
  presence.classList.toggle('nobody', count === 0);
  /** @type {HTMLElement} */ (presence.querySelector('.figure')).textContent = figure(count);
}

/** @param {HTMLElement} row @param {number} count messages not read */
export function showUnread(row, count) {
  const badge = /** @type {HTMLElement} */ (row.querySelector('.room-unread'));
  badge.hidden = count === 0;
  row.classList.toggle('has-unread', count > 0);
  /** @type {HTMLElement} */ (badge.querySelector('.figure')).textContent = count > 99 ? '99+' : figure(count);
}

/** @param {HTMLElement} row @param {string} name */
export function showName(row, name) {
  /** @type {HTMLElement} */ (row.querySelector('.room-name')).textContent = name;
}

/** Keep with the row how much has been said. @param {HTMLElement} row @param {Room} room */
export function showTalk(row, { seq, said, saidBy }) {
  for (const [name, value] of Object.entries({ seq, said, saidBy })) if (value !== undefined) row.dataset[name] = String(value);
}

/** @param {HTMLElement} row */
export function talkOf({ dataset: { seq, said, saidBy } }) {
  return { seq: Number(seq ?? 0), said: Number(said ?? 0), saidBy };
}
