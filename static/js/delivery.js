/**
 * Sends the items of the outbox, from any open page of Maru: for each room one item after the other,
 * and in one tab at a time. The page of a room sends that room's items over its Socket.IO connection.
 */
import { overHttp } from './delivery-routes.js';
import { Failed, Refused } from './errors.js';
import * as locks from './locks.js';
import * as outbox from './outbox.js';
import { page } from './page.js';

/** @typedef {import('./outbox.js').Item} Item @typedef {import('./delivery-routes.js').Route} Route */

const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** A tab that is not in the room waits so long, for a tab that is in the room to send. */
const OTHERS_FIRST_MS = 2500;
const LOCK_TIMEOUT_MS = 20_000;
/** The server knows a clientId for ten minutes. */
const REMEMBERED_MS = 9 * 60_000;
const PAGE_MESSAGES = 200;
const MAX_PAGES = 25;
/** The token was refused: this page gets another one, and the item is sent again. */
const OF_TOKENS = ['unauthorized', 'token_expired', 'token_revoked'];
/** With these the server may have stored the item all the same. */
const MAYBE_STORED = ['unavailable', 'error'];

/**
 * The room of this page, when it has one.
 *
 * @type {{ roomId: string, route: Route, isReady: () => boolean, rejoin: () => void, onSent: (item: Item, answer: any) => void } | null}
 */
let here = null;
/** @type {Set<string>} */
const busy = new Set();
/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const timers = new Map();
/** Attempts in vain in a row, by room. @type {Map<string, number>} */
const failures = new Map();

/** Send this room's items over this page's connection, until it is left. @param {NonNullable<typeof here>} room @param {AbortSignal} signal */
export function deliverHere(room, signal) {
  here = room;
  signal.addEventListener('abort', () => { if (here === room) here = null; });
}

/** Begin: what is there now, what comes, and again whenever the network is back. */
export function startDelivery() {
  outbox.watch(() => {
    for (const roomId of waitingRooms()) if (!timers.has(roomId)) later(roomId, isHere(roomId) ? 0 : OTHERS_FIRST_MS);
  });
  addEventListener('online', flushAll);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) flushAll(); });
}

function flushAll() {
  failures.clear();
  for (const roomId of waitingRooms()) flush(roomId);
}

/** @param {string} roomId */
export async function flush(roomId) {
  clearTimeout(timers.get(roomId));
  timers.delete(roomId);
  if (busy.has(roomId) || !next(roomId) || !isUsable(roomId)) return;
  busy.add(roomId);
  let pause = 0;
  try {
    const release = await locks.take(`maru/${page.myId}/outbox/${roomId}`, isHere(roomId) ? LOCK_TIMEOUT_MS : 0);
    // Another tab is sending. It may be closed before it is done, so this tab tries again.
    if (!release) pause = OTHERS_FIRST_MS;
    else pause = await sendAll(roomId).finally(release);
  } finally {
    busy.delete(roomId);
  }
  if (next(roomId)) later(roomId, pause);
}

/** @param {string} roomId @returns {Promise<number>} ms to wait before it goes on; 0 when nothing is left */
async function sendAll(roomId) {
  for (let item = next(roomId); item && isUsable(roomId); item = next(roomId)) {
    const pause = await send(item);
    if (pause) return pause;
  }
  return 0;
}

/** @param {Item} item @returns {Promise<number>} ms to wait before it goes on */
async function send(item) {
  const route = isHere(item.roomId) && here ? here.route : overHttp(item.roomId);
  const before = item.triedAt;
  try {
    const standing = await find(item, route);
    if (standing === 'stored') outbox.drop(item);
    if (standing === 'unknown') outbox.change(item, { reason: 'maybe' });
    if (standing === 'gone') outbox.change(item, { reason: 'gone' });
    if (standing !== 'new') return 0;
    // Write `triedAt` before sending: if the tab is closed then, the item keeps it.
    outbox.change(item, { triedAt: isOverdue(item) ? Date.now() : before ?? Date.now() });
    const answer = await route.send(item);
    failures.delete(item.roomId);
    // Dropped before it is handed on: no moment shows it twice.
    outbox.drop(item);
    if (isHere(item.roomId)) here?.onSent(item, answer);
    return 0;
  } catch (problem) {
    if (!(problem instanceof Failed)) throw problem;
    if (!(problem instanceof Refused)) return backOff(item.roomId);
    if (!MAYBE_STORED.includes(problem.code)) outbox.change(item, { triedAt: before });
    return refused(item, problem);
  }
}

/**
 * Is it stored already? Asked when the server may have forgotten its clientId, and, of a change, when
 * the number of its message may mean another one by now.
 *
 * @param {Item} item @param {Route} route
 * @returns {Promise<'new' | 'stored' | 'gone' | 'unknown'>}
 */
async function find(item, route) {
  const overdue = isOverdue(item);
  if (!overdue && item.kind === 'message') return 'new';
  if (!overdue && route.epoch) return route.epoch() === item.epoch ? 'new' : 'gone';
  if (overdue && item.kind !== 'message') return standing(item, await route.history(Number(item.ref) - 1, 1));
  let after = item.after;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const { messages, epoch, more } = await route.history(after, overdue ? PAGE_MESSAGES : 1);
    if (epoch !== item.epoch) return item.kind === 'message' ? 'unknown' : 'gone';
    if (!overdue) return 'new';
    if (messages.some(({ senderId, clientId }) => senderId === page.myId && clientId === item.clientId)) return 'stored';
    if (!more) return 'new';
    after = Number(messages.at(-1).seq);
  }
  return 'unknown';
}

/**
 * What became of a change, by its message as it reads now.
 *
 * @param {Item} item @param {{ messages: import('./message-row.js').Message[], epoch: string }} read
 */
function standing({ kind, ref, clientId, emoji = '', on, epoch, triedAt = 0 }, read) {
  if (read.epoch !== epoch) return 'gone';
  const message = read.messages.find(({ seq }) => seq === ref);
  if (!message) return kind === 'delete' ? 'stored' : 'gone';
  if (kind === 'react') {
    const isOn = (message.reactions?.[emoji] ?? []).includes(String(page.myId));
    return isOn === on ? 'stored' : 'new';
  }
  const isOurs = message.editClientId === clientId || message.edits?.some((edit) => edit.clientId === clientId);
  if (kind === 'edit' && isOurs) return 'stored';
  // Edited later in another browser: ask the person before that is undone.
  return kind === 'edit' && Number(message.editedAt) > triedAt ? 'unknown' : 'new';
}

/** May it have reached the server so long ago that a repeat would be stored again? @param {Item} item */
function isOverdue({ triedAt }) {
  const since = triedAt === undefined ? 0 : Date.now() - triedAt;
  // A clock that was set back proves nothing.
  return since > REMEMBERED_MS || since < 0;
}

/** @param {Item} item @param {Refused} problem @returns {number} ms to wait */
function refused(item, { code, retry, retryAfter }) {
  if (retryAfter) return retryAfter * 1000;
  if (code === 'not_joined' && here) here.rejoin();
  if (retry || OF_TOKENS.includes(code)) return backOff(item.roomId);
  // What was to be deleted, or reacted to, is gone: there is nothing left to do.
  if (code === 'not_found' && ['delete', 'react'].includes(item.kind)) outbox.drop(item);
  else if (code === 'not_found' && item.kind === 'edit') outbox.change(item, { reason: 'gone' });
  else outbox.change(item, { reason: ['too_long', 'forbidden', 'not_found'].includes(code) ? code : 'invalid' });
  return 0;
}

/** @param {string} roomId @returns {number} ms */
function backOff(roomId) {
  const times = failures.get(roomId) ?? 0;
  failures.set(roomId, times + 1);
  return Math.min(RETRY_MS * 2 ** times, LONGEST_RETRY_MS);
}

/** @param {string} roomId @param {number} delay in ms */
function later(roomId, delay) {
  clearTimeout(timers.get(roomId));
  timers.set(roomId, setTimeout(() => flush(roomId), delay * (1 + Math.random() / 4)));
}

/** @param {string} roomId */
function isHere(roomId) {
  return here?.roomId === roomId;
}

/** @param {string} roomId */
function isUsable(roomId) {
  return isHere(roomId) ? here?.isReady() : navigator.onLine;
}

/** The next item of this room that does not wait for a decision. @param {string} roomId */
function next(roomId) {
  return outbox.itemsOf(roomId).find(({ reason }) => !reason);
}

function waitingRooms() {
  return new Set(outbox.items().filter(({ reason }) => !reason).map(({ roomId }) => roomId));
}
