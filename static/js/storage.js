/**
 * Stores the account's data in this browser, as JSON in localStorage under `maru/<userId>/<path>`: a
 * person who is renamed keeps what is here. UserIds have no slash, so no account's keys begin with
 * another account's.
 *
 * If the browser refuses to store (storage is full or forbidden), the data stays in this page's memory,
 * and the browser asks before the page is left.
 */
import { page } from './page.js';

export const ROOT = 'maru/';
const mine = `${ROOT}${page.myId}/`;
/** Data that the browser refused to store. @type {Map<string, string>} */
const onlyHere = new Map();

/** @param {string} path @returns {any} null if there is nothing, or nothing that can be read */
export function read(path) {
  const text = onlyHere.get(mine + path) ?? stored(mine + path);
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {string} path @param {unknown} value */
export function write(path, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(mine + path, text);
    onlyHere.delete(mine + path);
  } catch {
    onlyHere.set(mine + path, text);
  }
}

/** @param {string} path */
export function remove(path) {
  onlyHere.delete(mine + path);
  try {
    localStorage.removeItem(mine + path);
  } catch {
    // Storage that cannot be used is empty.
  }
}

/** The stored paths that begin with `start`. @param {string} start @returns {string[]} */
export function paths(start) {
  const known = new Set([...allKeys(), ...onlyHere.keys()]);
  return [...known].filter((key) => key.startsWith(mine + start)).map((key) => key.slice(mine.length));
}

/** Run when another tab of this account has changed a path that begins with `start`. @param {string} start @param {(path: string) => void} run */
export function onChangeElsewhere(start, run) {
  addEventListener('storage', ({ key }) => {
    if (key === null || key.startsWith(mine + start)) run(key?.slice(mine.length) ?? start);
  });
}

/** Delete this account's data, and the entries of locks.js for it. */
export function forgetMine() {
  forget((key) => key.startsWith(mine) || key.includes(`/${mine}`));
}

/** Every key of this site in one of the browser's storages. @param {'localStorage' | 'sessionStorage'} storage @returns {string[]} */
export function allKeys(storage = 'localStorage') {
  try {
    return Object.keys(window[storage]);
  } catch {
    return [];
  }
}

/** @param {string} key */
function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {(key: string) => boolean} which */
function forget(which) {
  for (const key of [...allKeys(), ...onlyHere.keys()].filter(which)) {
    onlyHere.delete(key);
    localStorage.removeItem(key);
  }
}

/** Earlier versions stored it under the person's name. */
function carryOver() {
  const before = `${ROOT}${page.me}/`;
  for (const key of allKeys().filter((name) => name.startsWith(before))) {
    const text = stored(key);
    const path = mine + key.slice(before.length);
    if (text !== null && stored(path) === null) localStorage.setItem(path, text);
    localStorage.removeItem(key);
  }
}

if (page.myId) carryOver();
addEventListener('beforeunload', (event) => {
  if (onlyHere.size) event.preventDefault();
});
