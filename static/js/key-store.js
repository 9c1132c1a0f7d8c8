/**
 * Stores the account's keys of encrypted rooms in IndexedDB, as non-extractable CryptoKeys: a page can
 * use a key, but no script can read its bytes.
 */
import { isSameKey, readKey } from './cipher.js';
import * as locks from './locks.js';
import { page } from './page.js';
import { allKeys } from './storage.js';

const DATABASE = 'maru';
const KEYS = 'keys';
/** localStorage keys of older versions, which kept the keys as text, for no particular account. */
const OLDER = 'maru.key.';
const OLDER_READ = 'maru.read.';
const LOCK_TIMEOUT_MS = 5000;
/** Keys of one room at most that were added by links, besides the one in use. */
const MAX_KEYS_BESIDE = 20;

/**
 * @typedef {object} Kept
 * @property {CryptoKey} key
 * @property {boolean} verified it has opened a message of the room, or was made for it here
 */

/**
 * @typedef {Kept & { account: string, roomId: string, beside?: Kept[] }} Held
 * the key in use, and beside it others that came by links or were in use before
 */

/** @param {string} roomId @returns {Promise<Held | undefined>} */
export function heldKey(roomId) {
  return within('readonly', (keys) => keys.get([String(page.myId), roomId])).catch(ifNotKept(undefined));
}

/**
 * Keep a key for a room. Where there is another one already, that stays in use, and this is kept beside
 * it. Without IndexedDB the key lasts as long as the page.
 *
 * @param {string} roomId @param {CryptoKey} key @param {boolean} verified
 * @returns {Promise<boolean>} false: another key is in use
 */
export async function keepKey(roomId, key, verified) {
  let used = true;
  await change(roomId, async (held) => {
    if (!held) return { key, verified, beside: [] };
    const { beside = [] } = held;
    used = await isSameKey(held.key, key);
    if (used || beside.length >= MAX_KEYS_BESIDE || (await findSame(beside, key))) return held;
    return { ...held, beside: [...beside, { key, verified }] };
  });
  return used;
}

/** The person has decided: use this key. The one in use until now is kept beside it. @param {string} roomId @param {CryptoKey} key @param {boolean} verified */
export function exchangeKey(roomId, key, verified) {
  return change(roomId, async (held) => {
    if (!held) return { key, verified, beside: [] };
    const all = [{ key: held.key, verified: held.verified }, ...(held.beside ?? [])];
    const same = await findSame(all, key);
    return { key, verified: verified || Boolean(same?.verified), beside: all.filter((other) => other !== same) };
  });
}

/** It has opened something. @param {string} roomId @param {CryptoKey} key */
export function noteVerified(roomId, key) {
  return change(roomId, async (held) => (held && (await isSameKey(held.key, key)) ? { ...held, verified: true } : held));
}

/** @param {Kept[]} all @param {CryptoKey} key @returns {Promise<Kept | undefined>} */
async function findSame(all, key) {
  for (const other of all) if (await isSameKey(other.key, key)) return other;
  return undefined;
}

/** One tab at a time reads and writes what is kept for a room. @param {string} roomId @param {(held: Held | undefined) => Promise<object | undefined>} run */
async function change(roomId, run) {
  const release = await locks.take(`maru/${page.myId}/keys/${roomId}`, LOCK_TIMEOUT_MS);
  try {
    const held = await heldKey(roomId);
    const kept = await run(held);
    if (kept && kept !== held) await within('readwrite', (keys) => keys.put({ ...kept, account: page.myId, roomId }));
  } catch (problem) {
    // The page goes on with what it has.
    if (!(problem instanceof DOMException)) throw problem;
  } finally {
    release?.();
  }
}

/** How many rooms one can read here. @returns {Promise<number>} */
export async function countKeys() {
  return (await within('readonly', (keys) => keys.count(ofAccount(String(page.myId)))).catch(ifNotKept(0))) ?? 0;
}

export async function forgetMyKeys() {
  await within('readwrite', (keys) => keys.delete(ofAccount(String(page.myId)))).catch(ifNotKept(undefined));
}

/** Nothing of other accounts stays. */
export async function forgetOthersKeys() {
  /** @type {[account: string, roomId: string][] | undefined} */
  const all = await within('readonly', (keys) => keys.getAllKeys());
  const others = (all ?? []).filter(([account]) => account !== page.myId);
  for (const other of others) await within('readwrite', (keys) => keys.delete(other));
}

/**
 * Keys from before are taken over, in the form that cannot be read out, by whoever has read the room in
 * this browser; then their text goes.
 */
export async function carryKeysOver() {
  await carryNameOver();
  for (const name of allKeys().filter((key) => key.startsWith(OLDER))) {
    const roomId = name.slice(OLDER.length);
    const readers = allKeys().filter((key) => key.startsWith(OLDER_READ) && key.endsWith(`.${roomId}`));
    const mine = !readers.length || [page.me, page.myId].some((owner) => readers.includes(`${OLDER_READ}${owner}.${roomId}`));
    const key = mine ? await readKey(localStorage.getItem(name) ?? '') : null;
    if (key && !(await heldKey(roomId))) await keepKey(roomId, key, true);
    localStorage.removeItem(name);
  }
}

/** Earlier versions kept keys under the person's name. */
async function carryNameOver() {
  const kept = (await within('readonly', (keys) => keys.getAll(ofAccount(String(page.me))))) ?? [];
  for (const held of kept) {
    if (!(await heldKey(held.roomId))) await within('readwrite', (keys) => keys.put({ ...held, account: page.myId }));
    await within('readwrite', (keys) => keys.delete([held.account, held.roomId]));
  }
}

/** @param {string} account */
function ofAccount(account) {
  return IDBKeyRange.bound([account], [account, []]);
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(keys: IDBObjectStore) => IDBRequest} ask
 * @returns {Promise<any>} undefined where the browser keeps nothing; rejects with a `DOMException` where it fails to
 */
async function within(mode, ask) {
  const database = await open();
  if (!database) return undefined;
  try {
    const transaction = database.transaction(KEYS, mode);
    const request = ask(transaction.objectStore(KEYS));
    return await new Promise((done, fail) => {
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => fail(transaction.error ?? new DOMException('Aborted', 'AbortError'));
    });
  } finally {
    database.close();
  }
}

/**
 * What is given instead where the browser could not keep or find something.
 *
 * @template T
 * @param {T} instead
 * @returns {(problem: unknown) => T} throws on what is no failure of the browser's
 */
function ifNotKept(instead) {
  return (problem) => {
    if (problem instanceof DOMException) return instead;
    throw problem;
  };
}

/** @returns {Promise<IDBDatabase | null>} */
function open() {
  return new Promise((done) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(KEYS, { keyPath: ['account', 'roomId'] });
    request.onsuccess = () => done(request.result);
    request.onerror = () => done(null);
  });
}
