/**
 * The drafts of one room, stored from the first letter on. Each tab has a draft of its own, so that two
 * tabs do not overwrite each other's. The draft of a closed tab is taken over by the next tab.
 *
 * A page holds a lock while it shows its draft: a draft without a lock can be taken over. The lock goes
 * when the room is left, and with the page.
 */
import * as locks from './locks.js';
import { newId } from './outbox.js';
import { page } from './page.js';
import { paths, read, remove, write } from './storage.js';

/** After a reload the old page may hold its lock for so long. */
const TAKE_OVER_MS = 1500;
const TAB = 'maru.tab';

/**
 * @typedef {object} Edit a message that is being edited, and its new words
 * @property {number} seq
 * @property {string} epoch in which it has that number
 * @property {string} text
 *
 * @typedef {object} Draft
 * @property {string} text
 * @property {Edit | null} edit
 */

/** @param {string} roomId @param {AbortSignal} signal aborts when the room is left */
export function createDrafts(roomId, signal) {
  const folder = `draft/${roomId}/`;
  const older = `maru.draft.${page.me}.${roomId}`;
  let tab = sessionStorage.getItem(TAB) ?? newTab();
  /** @type {(() => void) | null} */
  let release = null;

  const lockOf = (/** @type {string} */ path) => `maru/${page.myId}/${path}`;

  function newTab() {
    const name = newId();
    sessionStorage.setItem(TAB, name);
    return name;
  }

  /** @returns {Draft} */
  function load() {
    const { text = '', edit = null } = read(folder + tab) ?? {};
    return { text, edit };
  }

  /** @param {Draft} draft */
  function save(draft) {
    if (draft.text || draft.edit) write(folder + tab, { ...draft, at: Date.now() });
    else remove(folder + tab);
  }

  /** Hold this tab's own draft; a tab that was duplicated begins one of its own, with the same words. */
  async function hold() {
    if (await takeLock()) return;
    const words = load();
    tab = newTab();
    save(words);
    await takeLock();
  }

  /** @returns {Promise<boolean>} false: another page has it */
  async function takeLock() {
    release = await locks.take(lockOf(folder + tab), TAKE_OVER_MS);
    if (signal.aborted) letGo();
    return signal.aborted || release !== null;
  }

  /** Whoever comes next may take it up. */
  function letGo() {
    release?.();
    release = null;
  }

  signal.addEventListener('abort', letGo);

  /** The drafts that no page shows. @returns {Promise<Draft[]>} */
  async function takeOrphans() {
    const held = await locks.taken();
    const found = paths(folder).filter((path) => path !== folder + tab && !held.has(lockOf(path)));
    const drafts = found.map((path) => ({ text: '', edit: null, at: 0, ...read(path) })).sort((one, other) => one.at - other.at);
    found.forEach(remove);
    const text = localStorage.getItem(older);
    if (text) drafts.unshift({ text, edit: null, at: 0 });
    localStorage.removeItem(older);
    return drafts;
  }

  return {
    load,
    save,
    hold,

    /**
     * Take up what closed tabs left behind, behind what is here. One tab at a time does.
     *
     * @param {(orphans: Draft[]) => void} into
     */
    async adopt(into) {
      const done = await locks.take(lockOf(`drafts/${roomId}`), TAKE_OVER_MS);
      if (!done) return;
      try {
        if (signal.aborted) return;
        const orphans = await takeOrphans();
        if (orphans.length) into(orphans);
      } finally {
        done();
      }
    },
    letGo,
  };
}
