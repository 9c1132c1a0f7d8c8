/**
 * The outbox: messages and changes of this person that the server has not acknowledged yet, in all
 * rooms. Each item is stored in the browser under a key of its own, so that tabs do not overwrite each
 * other's, and stays when the page is closed. delivery.js sends the items. An item has one clientId
 * for all attempts, so the server stores it once.
 */
import { page } from './page.js';
import { onChangeElsewhere, paths, read, remove, write } from './storage.js';

/**
 * @typedef {object} Item
 * @property {string} clientId
 * @property {string} roomId
 * @property {string} roomName when it was written
 * @property {'message' | 'edit' | 'delete' | 'react'} kind the event that says it
 * @property {string} [text] of a message or an edit, as it goes over the wire: of an encrypted room, the ciphertext
 * @property {boolean} [sealed] it is ciphertext
 * @property {string} [sender] the name that what an earlier version sealed is bound to
 * @property {number} [ref] the message that is changed
 * @property {string} [emoji]
 * @property {boolean} [on]
 * @property {number} at in ms; items of a room are sent in this order
 * @property {string} epoch of the room when it was written
 * @property {number} after the newest number in the room then: it can only be stored beyond that
 * @property {number} [triedAt] in ms: since when the server may have it
 * @property {string} [reason] why it failed; it then waits for the person to decide
 */

const FOLDER = 'outbox/';
/** @param {{ roomId: string, clientId: string }} item */
const path = ({ roomId, clientId }) => `${FOLDER}${roomId}/${clientId}`;

/** @type {Set<() => void>} */
const watchers = new Set();

/** All that waits, in order. @returns {Item[]} */
export function items() {
  return paths(FOLDER).map(read).filter(Boolean).sort((one, other) => one.at - other.at);
}

/** @param {string} roomId @returns {Item[]} */
export function itemsOf(roomId) {
  return items().filter((item) => item.roomId === roomId);
}

/** Keep an item. The watchers are called: `startDelivery` of delivery.js sends it, and unsent.js shows it. @param {Omit<Item, 'at'>} item */
export function add(item) {
  const last = itemsOf(item.roomId).at(-1)?.at ?? 0;
  save({ ...item, at: Math.max(Date.now(), last + 1) });
}

/** Change an item, if it is still there. @param {Item} item @param {Partial<Item>} changes undefined takes a field away */
export function change(item, changes) {
  const now = read(path(item));
  if (now) save({ ...now, ...changes });
}

/** Send an item again that failed or may have been sent, as the person has decided. @param {Item} item */
export function retry(item) {
  change(item, { reason: undefined, triedAt: undefined });
}

/** It is stored, or no longer wanted. @param {{ roomId: string, clientId: string }} item */
export function drop(item) {
  if (read(path(item)) === null) return;
  remove(path(item));
  tell();
}

/** Call `run` now, and after every change in any tab, until the signal aborts. @param {() => void} run @param {AbortSignal} [signal] */
export function watch(run, signal) {
  watchers.add(run);
  signal?.addEventListener('abort', () => watchers.delete(run));
  run();
}

/** @param {Item} item */
function save(item) {
  write(path(item), item);
  tell();
}

function tell() {
  watchers.forEach((run) => run());
}

/** Take over the outbox of an older version, which was stored for each tab. */
function carryOver() {
  const folder = `maru.outbox.${page.me}.`;
  for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(folder))) {
    const roomId = key.slice(folder.length);
    for (const { clientId, text, at, reason } of JSON.parse(sessionStorage.getItem(key) ?? '[]')) {
      const sealed = text.startsWith('maru1.');
      // Encrypted in the older form, which does not bind the clientId: the person decides.
      save({ clientId, text, at, sealed, reason, roomId, roomName: '', kind: 'message', epoch: '', after: 0, triedAt: at });
    }
    sessionStorage.removeItem(key);
  }
}

if (page.me) {
  carryOver();
  onChangeElsewhere(FOLDER, tell);
}

/** A UUID; crypto.randomUUID is missing on plain http other than localhost. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
