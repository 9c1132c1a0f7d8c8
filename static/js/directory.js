/** Keeps a list of rooms up to date: counts, unread numbers, new rooms, deleted rooms. */
import { ifFailed } from './errors.js';
import { learn, onRenamed } from './known-people.js';
import { page } from './page.js';
import { roomRow, showCount, showName, showUnread } from './room-row.js';
import { directRoomName } from './shown-names.js';
import { createUnread, retitle } from './unread.js';

/** @typedef {import('./room-row.js').Room} Room */

/** Rooms of a page that the server tells of, at most. */
const MAX_WATCHED = 200;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list
 * @param {HTMLElement} parts.direct the list of one's own direct rooms
 * @param {ReturnType<typeof import('./connection.js').createConnection>} parts.connection
 * @param {boolean} [parts.whole] all that one may see belong into it: it is neither the answer to a search
 *   nor the list of one's own rooms
 * @param {boolean} [parts.own] it is the list of one's own rooms
 * @param {() => void} [parts.onChange] after rooms came or went
 * @param {(name: string) => void} [parts.onName] the room of this page is called so now
 */
export function keepDirectory({ list, direct, connection, whole = true, own = false, onChange = () => {}, onName = () => {} }) {
  /** Rooms that came while a pointer or the focus was on the list, where nothing may shift. @type {Map<string, Room>} */
  const held = new Map();
  const unread = createUnread(connection, showAllUnread);

  /** @returns {HTMLElement[]} */
  const rows = () => /** @type {HTMLElement[]} */ ([...list.children, ...direct.children]);
  const rowOf = (/** @type {string} */ roomId) => rows().find((row) => row.dataset.roomId === roomId);
  const inUse = () => [list, direct].some((each) => each.matches(':hover, :focus-within') && each.children.length > 0);

  /** @param {Room} room */
  function take(room) {
    const row = rowOf(room.roomId);
    const isDirect = room.kind === 'direct';
    if (room.roomId === page.roomId && room.name !== undefined) onName(room.name);
    if (room.closed) {
      held.delete(room.roomId);
      row?.remove();
    } else if (row) {
      if (room.name !== undefined && !isDirect) showName(row, room.name);
      // The open room's page knows sooner.
      if (room.userCount !== undefined && room.roomId !== page.roomId) showCount(row, room.userCount);
    } else if (whole && !isDirect) {
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
    const rooms = [...held.values()];
    list.prepend(...rooms.filter(({ kind }) => kind !== 'direct').map(roomRow));
    direct.prepend(...rooms.filter(({ kind }) => kind === 'direct').map(roomRow));
    held.clear();
    onChange();
  }

  /** Rooms of further pages, below those that are there. @param {Room[]} rooms @returns {HTMLElement[]} */
  function append(rooms) {
    const known = new Set(rows().map((row) => row.dataset.roomId));
    const fresh = rooms.filter(({ roomId }) => !known.has(roomId) && !held.has(roomId));
    const usual = fresh.filter(({ kind }) => kind !== 'direct').map(roomRow);
    list.append(...usual);
    for (const { people = [], ...room } of fresh.filter(({ kind }) => kind === 'direct')) {
      people.forEach(learn);
      direct.append(roomRow(withDirectName(room, people.map(({ userId }) => userId))));
    }
    showAllUnread();
    return usual;
  }

  function showAllUnread() {
    // Until then the badges are as the server has drawn them.
    if (!unread.isKnown()) return;
    for (const row of rows()) {
      const roomId = String(row.dataset.roomId);
      // The open room counts its own by a pill.
      showUnread(row, roomId === page.roomId ? 0 : unread.badge(roomId));
    }
  }

  /** Which room is open. @param {string} roomId */
  function mark(roomId) {
    for (const row of rows()) row.querySelector('a')?.removeAttribute('aria-current');
    const link = rowOf(roomId)?.querySelector('a');
    link?.setAttribute('aria-current', 'page');
    link?.scrollIntoView({ block: 'nearest' });
    showAllUnread();
    retitle();
  }

  /** The open room is in the list, however long nothing has been said in it. @param {Room} room */
  function showOpen(room) {
    const isDirect = room.kind === 'direct';
    if (!rowOf(room.roomId)) (isDirect ? direct : list).append(roomRow(isDirect ? { ...room, others: page.others } : room));
    held.delete(room.roomId);
    mark(room.roomId);
  }

  connection.on('connect', async () => {
    const onPage = rows().map((row) => row.dataset.roomId).slice(0, MAX_WATCHED);
    const answer = await connection.request('watch', { rooms: onPage }).catch(ifFailed(null));
    // Without one, the next connection asks again.
    if (answer) takeAll(answer.rooms);
  });
  connection.on('rooms', ({ rooms }) => takeAll(rooms));
  connection.on('me', ({ type, roomId, gone, room, members }) => {
    if (type !== 'membership') return;
    if (gone) rowOf(roomId)?.remove();
    else if (!rowOf(room.roomId) && (whole || own || room.kind === 'direct')) {
      held.set(room.roomId, withDirectName(room, members));
    }
    settle();
    onChange();
  });
  for (const each of [list, direct]) {
    each.addEventListener('pointerleave', settle);
    each.addEventListener('focusout', settle);
  }
  onRenamed((userId) => {
    for (const row of /** @type {Iterable<HTMLElement>} */ (direct.children)) {
      const others = othersOf(row);
      if (others.includes(userId)) showName(row, directRoomName(others));
    }
  });

  /** How many are in the open room. @param {string} roomId @param {number} count */
  function showOpenCount(roomId, count) {
    const row = rowOf(roomId);
    if (row) showCount(row, count);
  }

  return { append, mark, showOpen, showOpenCount };
}

/** A direct room is called as its other people are. @param {Room} room @param {string[]} [members] userIds @returns {Room} */
function withDirectName(room, members) {
  if (room.kind !== 'direct') return room;
  const others = (members ?? []).filter((userId) => userId !== page.myId);
  return { ...room, others, name: directRoomName(others) || room.name };
}

/** @param {HTMLElement} row */
const othersOf = (row) => (row.dataset.others ?? '').split(' ').filter(Boolean);
