/**
 * What is unread in the rooms that one belongs to, as the server counts it: the same on all devices. When more was said
 * in a room, or something deleted, the server is asked again, of all such rooms at once. The page's title and icon tell
 * the sum.
 */
import { ifFailed } from './errors.js';

/** Changes within this time are asked about together. */
const ASK_AFTER_MS = 100;
/** The next question comes so long after one, so that busy rooms cost little. */
const ASK_EVERY_MS = 1500;
/** Rooms of one question. */
const MOST = 200;

/**
 * @typedef {object} Count
 * @property {string} roomId
 * @property {number} unread
 * @property {number} mentions
 * @property {'all' | 'mentions' | 'none'} [level] what one wants to be told of
 */

/**
 * @param {ReturnType<typeof import('./connection.js').createConnection>} connection
 * @param {() => void} onChange
 */
export function createUnread(connection, onChange) {
  /** @type {Map<string, Count>} */
  const counts = new Map();
  /** How much had been said in a room when it was told of last. @type {Map<string, string>} */
  const talks = new Map();
  /** @type {Set<string>} */
  const changed = new Set();
  let timer = 0;
  let askedAt = 0;
  let isKnown = false;

  /** @param {Count} count */
  function take({ roomId, unread, mentions, level }) {
    counts.set(roomId, { level: counts.get(roomId)?.level, ...(level && { level }), roomId, unread, mentions });
  }

  /** The number on a room's badge. @param {string} roomId */
  function badge(roomId) {
    const count = counts.get(roomId);
    if (!count || count.level === 'none') return 0;
    return count.level === 'mentions' ? count.mentions : count.unread;
  }

  function tell() {
    showSum([...counts.keys()].reduce((sum, roomId) => sum + badge(roomId), 0));
    onChange();
  }

  function askSoon() {
    const wait = Math.max(ASK_AFTER_MS, askedAt + ASK_EVERY_MS - Date.now());
    timer ||= setTimeout(ask, wait * (0.75 + Math.random() / 2));
  }

  async function ask() {
    timer = 0;
    askedAt = Date.now();
    const rooms = [...changed].slice(0, MOST);
    rooms.forEach((roomId) => changed.delete(roomId));
    const answer = await connection.request('unread', { rooms }).catch(ifFailed(null));
    // Without an answer the next connection asks about all.
    answer?.rooms.forEach(take);
    if (changed.size) askSoon();
    tell();
  }

  /** A room as the server tells of it now. @param {{ roomId: string, said?: number, talks?: number, closed?: boolean }} room */
  function learn({ roomId, said, talks: left, closed }) {
    if (closed) counts.delete(roomId);
    const now = `${said} ${left}`;
    if (said === undefined || talks.get(roomId) === now) return;
    talks.set(roomId, now);
    changed.add(roomId);
  }

  connection.on('connect', async () => {
    const answer = await connection.request('unread', {}).catch(ifFailed(null));
    if (!answer) return;
    for (const count of counts.values()) Object.assign(count, { unread: 0, mentions: 0 });
    answer.rooms.forEach(take);
    isKnown = true;
    tell();
  });
  connection.on('rooms', ({ rooms }) => {
    rooms.forEach(learn);
    if (changed.size) askSoon();
  });
  connection.on('me', ({ type, gone, roomId, membership, ...count }) => {
    if (type === 'read') take({ roomId, .../** @type {any} */ (count) });
    else if (gone) counts.delete(roomId);
    else if (membership) take(membership);
    tell();
  });

  return { badge, isKnown: () => isKnown };
}

/** @param {number} sum */
function showSum(sum) {
  document.title = withSum(sum);
  const icon = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel=icon]'));
  icon.dataset.read ??= icon.href;
  icon.href = String(sum ? icon.dataset.unread : icon.dataset.read);
  shownSum = sum;
}

let shownSum = 0;

/** @param {number} sum */
function withSum(sum) {
  const title = document.title.replace(/^\(\d+\+?\) /, '');
  return sum ? `(${sum > 999 ? '999+' : sum}) ${title}` : title;
}

/** The page has the title of another room. */
export function retitle() {
  document.title = withSum(shownSum);
}
