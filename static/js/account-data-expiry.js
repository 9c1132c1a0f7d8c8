/**
 * Drafts and unsent messages of other accounts, whose logins ended in this browser without a log-out:
 * they wait for their owners, but not for ever. What an account has stored is deleted when nobody has
 * used it for `KEPT_MS`, and when `MAX_ACCOUNTS` other accounts have used theirs later.
 */
import { page } from './page.js';
import { allKeys, ROOT } from './storage.js';

const KEPT_MS = 30 * 24 * 60 * 60_000;
const MAX_ACCOUNTS = 10;
const LOCKS = `maru.lock/${ROOT}`;
const OLDER_DRAFT = 'maru.draft.';

/** @typedef {{ owner: string, keys: string[], at: number }} Stored `at` is in ms; 0 if nothing tells it */

/** Delete what is too old or too much. What has no time yet gets that of now. */
export function deleteExpired(now = Date.now()) {
  const others = storedByAccount().filter(({ owner }) => owner !== page.myId);
  for (const each of others.filter(({ at }) => !at)) {
    noteUse(each.owner, now);
    each.at = now;
  }
  others.sort((one, other) => other.at - one.at);
  const ended = others.filter(({ at }, place) => now - at > KEPT_MS || place >= MAX_ACCOUNTS);
  for (const key of ended.flatMap(({ keys }) => keys)) localStorage.removeItem(key);
}

/** A page of this account is open. @param {string} account */
export function noteUse(account, now = Date.now()) {
  try {
    localStorage.setItem(`${ROOT}${account}/here`, JSON.stringify({ at: now }));
  } catch {
    // Without space nothing can be added; each draft and unsent message has a time of its own.
  }
}

/** What each account has stored here. @returns {Stored[]} */
function storedByAccount() {
  /** @type {Map<string, Stored>} */
  const found = new Map();
  for (const key of allKeys()) {
    const owner = ownerOf(key);
    if (!owner) continue;
    const { keys, at } = found.get(owner) ?? { keys: [], at: 0 };
    found.set(owner, { owner, keys: [...keys, key], at: Math.max(at, timeOf(key)) });
  }
  return [...found.values()];
}

/** @param {string} key */
function ownerOf(key) {
  if (key.startsWith(ROOT)) return key.slice(ROOT.length).split('/')[0];
  if (key.startsWith(LOCKS)) return key.slice(LOCKS.length).split('/')[0];
  // Names may have dots, and ids of rooms have none.
  if (key.startsWith(OLDER_DRAFT)) return key.slice(OLDER_DRAFT.length, key.lastIndexOf('.'));
  return '';
}

/** When it was written, in ms; 0 if it does not tell. @param {string} key */
function timeOf(key) {
  try {
    const at = JSON.parse(localStorage.getItem(key) ?? '{}')?.at;
    return typeof at === 'number' ? at : 0;
  } catch {
    return 0;
  }
}
