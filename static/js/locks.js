/**
 * Locks for work that only one tab may do at a time, by the Web Locks API. Where that is missing (plain
 * http, except localhost) an entry with an expiry in localStorage is used. Two tabs may then sometimes
 * hold the same lock; that is harmless, since the server stores each clientId once.
 */
const NOTE_MS = 20_000;
const LOOK_MS = 500;
const NOTES = 'maru.lock/';

/** The id of this page. */
const self = Math.random().toString(36).slice(2);
const { locks } = navigator;

/**
 * Take the lock until `release` is called or the page is left; null if it is not free in time.
 *
 * @param {string} name
 * @param {number} timeoutMs 0: only if it is free now
 * @returns {Promise<(() => void) | null>}
 */
export async function take(name, timeoutMs = 0) {
  return locks ? takeLock(name, timeoutMs) : takeNote(name, timeoutMs);
}

/** The names of all locks that some tab holds. @returns {Promise<Set<string>>} */
export async function taken() {
  if (!locks) return new Set(Object.keys(localStorage).filter((key) => key.startsWith(NOTES)).map((key) => key.slice(NOTES.length)).filter(isNoted));
  const { held = [] } = await locks.query();
  return new Set(held.map(({ name }) => String(name)));
}

/** @param {string} name @param {number} timeoutMs */
function takeLock(name, timeoutMs) {
  return new Promise((done) => {
    const wait = timeoutMs ? { signal: AbortSignal.timeout(timeoutMs) } : { ifAvailable: true };
    locks.request(name, wait, (lock) => {
      if (!lock) return done(null);
      return new Promise((release) => { done(() => release(undefined)); });
    }).catch(() => done(null));
  });
}

/** @param {string} name @param {number} timeoutMs */
async function takeNote(name, timeoutMs) {
  const until = Date.now() + timeoutMs;
  while (isNoted(name)) {
    if (Date.now() >= until) return null;
    await new Promise((go) => setTimeout(go, LOOK_MS));
  }
  const write = () => localStorage.setItem(NOTES + name, JSON.stringify({ by: self, until: Date.now() + NOTE_MS }));
  const remove = () => { if (JSON.parse(localStorage.getItem(NOTES + name) ?? '{}').by === self) localStorage.removeItem(NOTES + name); };
  write();
  const renewal = setInterval(write, NOTE_MS / 4);
  addEventListener('pagehide', remove);
  return () => {
    clearInterval(renewal);
    removeEventListener('pagehide', remove);
    remove();
  };
}

/** By another page? @param {string} name */
function isNoted(name) {
  const { by, until = 0 } = JSON.parse(localStorage.getItem(NOTES + name) ?? '{}');
  return by !== self && until > Date.now();
}
