/**
 * The keys of encrypted rooms that this account has here, in IndexedDB. They are kept as CryptoKeys that
 * no script can read out: a page can use them, and cannot give them away.
 */
import { readKey } from './cipher.js';
import { page } from './page.js';
import { allKeys } from './storage.js';

const DATABASE = 'maru';
const KEYS = 'keys';
/** Where pages from before kept keys, as text and for nobody in particular. */
const OLDER = 'maru.key.';
const OLDER_READ = 'maru.read.';

/**
 * @typedef {object} Held
 * @property {string} account
 * @property {string} roomId
 * @property {CryptoKey} key
 * @property {boolean} verified it has opened a message of the room, or made the first one
 */

/** @param {string} roomId @returns {Promise<Held | undefined>} */
export function heldKey(roomId) {
  return within('readonly', (keys) => keys.get([String(page.me), roomId])).catch(() => undefined);
}

/** Without IndexedDB the key lasts as long as the page. @param {string} roomId @param {CryptoKey} key @param {boolean} verified */
export async function keepKey(roomId, key, verified) {
  await within('readwrite', (keys) => keys.put({ account: page.me, roomId, key, verified })).catch(() => {});
}

/** How many rooms one can read here. @returns {Promise<number>} */
export async function countKeys() {
  return (await within('readonly', (keys) => keys.count(ofAccount(String(page.me)))).catch(() => 0)) ?? 0;
}

export async function forgetAllKeys() {
  await within('readwrite', (keys) => keys.clear());
}

/** Nothing of other accounts stays. */
export async function forgetOthersKeys() {
  const all = await within('readonly', (keys) => keys.getAllKeys());
  const others = (all ?? []).filter(([account]) => account !== page.me);
  for (const other of others) await within('readwrite', (keys) => keys.delete(other));
}

/**
 * Keys from before are taken over, in the form that cannot be read out, by whoever has read the room in
 * this browser; then their text goes.
 */
export async function carryKeysOver() {
  for (const name of allKeys().filter((key) => key.startsWith(OLDER))) {
    const roomId = name.slice(OLDER.length);
    const readers = allKeys().filter((key) => key.startsWith(OLDER_READ) && key.endsWith(`.${roomId}`));
    const mine = !readers.length || readers.includes(`${OLDER_READ}${page.me}.${roomId}`);
    try {
      if (mine && !(await heldKey(roomId))) await keepKey(roomId, await readKey(localStorage.getItem(name) ?? ''), true);
    } catch {
      // It was no key.
    }
    localStorage.removeItem(name);
  }
}

/** @param {string} account */
function ofAccount(account) {
  return IDBKeyRange.bound([account], [account, []]);
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(keys: IDBObjectStore) => IDBRequest} ask
 * @returns {Promise<any>} undefined where the browser keeps nothing
 */
async function within(mode, ask) {
  const database = await open();
  if (!database) return undefined;
  try {
    const transaction = database.transaction(KEYS, mode);
    const request = ask(transaction.objectStore(KEYS));
    return await new Promise((done, fail) => {
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => fail(transaction.error);
    });
  } finally {
    database.close();
  }
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
