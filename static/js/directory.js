/** Keeps a list of rooms up to date: counts, unread numbers, new rooms, deleted rooms. */
import { page } from './page.js';
import { roomLink, showCount, showName, showTalk, showUnread, talkOf } from './room-link.js';
import { onReadElsewhere, unreadCount } from './unread.js';

/** @typedef {import('./room-link.js').Room} Room */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list
 * @param {ReturnType<typeof import('./connection.js').createConnection>} parts.connection
 * @param {boolean} [parts.whole] new rooms belong into it: it is not the answer to a search
 * @param {() => void} [parts.onChange] after rooms came or went
 * @param {(name: string) => void} [parts.onName] the room of this page is called so now
 */
export function keepDirectory({ list, connection, whole = true, onChange = () => {}, onName = () => {} }) {
  /** Rooms that came while a pointer or the focus was on the list, where nothing may shift. @type {Map<string, Room>} */
  const held = new Map();

  /** @returns {HTMLElement[]} */
  const rows = () => /** @type {HTMLElement[]} */ ([...list.children]);
  const rowOf = (/** @type {string} */ roomId) => rows().find((row) => row.dataset.roomId === roomId);
  const inUse = () => list.matches(':hover, :focus-within') && list.children.length > 0;

  /** @param {Room} room */
  function take(room) {
    const row = rowOf(room.roomId);
    if (room.roomId === page.roomId && room.name !== undefined) onName(room.name);
    if (room.closed) {
      held.delete(room.roomId);
      row?.remove();
    } else if (row) {
      if (room.name !== undefined) showName(row, room.name);
      // The open room's page knows sooner.
      if (room.userCount !== undefined && room.roomId !== page.roomId) showCount(row, room.userCount);
      showTalk(row, room);
    } else if (whole) {
      held.set(room.roomId, room);
    }
  }

  /** @param {Room[]} rooms most recently active first */
  function takeAll(rooms) {
    rooms.forEach(take);
    settle();
    showAllUnread();
    onChange();
  }

  function settle() {
    if (inUse() || !held.size) return;
    list.prepend(...[...held.values()].map(roomLink));
    held.clear();
    onChange();
  }

  /** Rooms of further pages, below those that are there. @param {Room[]} rooms @returns {HTMLElement[]} */
  function append(rooms) {
    const known = new Set(rows().map((row) => row.dataset.roomId));
    const fresh = rooms.filter(({ roomId }) => !known.has(roomId) && !held.has(roomId)).map(roomLink);
    list.append(...fresh);
    showAllUnread();
    return fresh;
  }

  function showAllUnread() {
    for (const row of rows()) {
      const roomId = String(row.dataset.roomId);
      // The open room counts its own by a pill.
      showUnread(row, roomId === page.roomId ? 0 : unreadCount(roomId, talkOf(row)));
    }
  }

  /** Which room is open. @param {string} roomId */
  function mark(roomId) {
    list.querySelector('[aria-current]')?.removeAttribute('aria-current');
    const link = rowOf(roomId)?.querySelector('a');
    link?.setAttribute('aria-current', 'page');
    link?.scrollIntoView({ block: 'nearest' });
    showAllUnread();
  }

  /** The open room is in the list, however long nothing has been said in it. @param {Room} room */
  function showOpen(room) {
    if (!rowOf(room.roomId)) list.append(roomLink(room));
    held.delete(room.roomId);
    mark(room.roomId);
  }

  connection.on('connect', async () => {
    try {
      takeAll((await connection.request('watch', {})).rooms);
    } catch {
      // The next connection asks again.
    }
  });
  connection.on('rooms', ({ rooms }) => takeAll(rooms));
  list.addEventListener('pointerleave', settle);
  list.addEventListener('focusout', settle);
  onReadElsewhere(showAllUnread);
  showAllUnread();

  /** How many are in the open room. @param {string} roomId @param {number} count */
  function showOpenCount(roomId, count) {
    const row = rowOf(roomId);
    if (row) showCount(row, count);
  }

  return { append, mark, showOpen, showOpenCount };
}
