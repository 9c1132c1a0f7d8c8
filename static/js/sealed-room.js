/**
 * The page's side of an encrypted room: finding the key, or asking for it, and reading and writing
 * messages with it. cipher.js does the arithmetic.
 */
import { comeIn } from './account.js';
import { available, newKey, open, readKey, seal } from './cipher.js';
import { byId, element } from './dom.js';
import { handOver, keyIn, offerInvitation, takeFromAddress } from './invitation.js';
import { heldKey, keepKey } from './key-store.js';
import * as locks from './locks.js';
import { talkOf } from './message-row.js';
import { page, t } from './page.js';
import { createRepeats } from './repeats.js';
import { showStop } from './stop.js';
import { format } from './text.js';

/** @typedef {import('./message-row.js').Message} Message */

const roomId = String(page.roomId);
const LOCK_MS = 5000;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.over where the panel goes that asks for the key
 * @param {(change: () => void) => void} parts.keeping changes rows without moving what is read
 * @param {(open: boolean) => void} parts.onOpen may one read and write now?
 */
export function createSealedRoom({ over, keeping, onOpen }) {
  /** @type {CryptoKey | null} */
  let key = null;
  /** Messages are sealed one after the other, so that they are sent in the order written. @type {Promise<any>} */
  let sealing = Promise.resolve();
  /** Rows that wait for the key. @type {Map<HTMLElement, [Message, Message | undefined]>} */
  const locked = new Map();
  /** What a row says, once it is opened. @type {WeakMap<HTMLElement, string>} */
  const words = new WeakMap();
  /** How often a row was written: of two that are opened at once, the later counts. @type {WeakMap<HTMLElement, number>} */
  const turns = new WeakMap();
  const repeats = createRepeats((into) => keeping(() => refuse(into, 'repeated')));

  async function findKey() {
    const given = takeFromAddress();
    // Keys that pages from before kept are carried over by then.
    await comeIn();
    if (!available) return showStop(over, { title: t('no_crypto_title'), text: t('no_crypto_text') });
    const held = await heldKey(roomId);
    // A key that has opened messages here stays, whatever link one is sent: its sender may have put
    // messages into the room that fit another key.
    if (held && (await fits(held.key))) return unlockWith(held.key, (await isSame(held.key, given)) ? given : '');
    if (given && (await use(given))) return;
    if (held?.verified) return unlockWith(held.key);
    if (!given && !held && isNew()) await makeKey();
    else ask();
  }

  /** The owner who has just opened the room makes its key; nobody else ever does. */
  const isNew = () => page.owner === page.me && page.seq === 0 && !samples().length;

  /** Two tabs make one. */
  async function makeKey() {
    const release = await locks.take(`maru/${page.me}/key/${roomId}`, LOCK_MS);
    try {
      const held = await heldKey(roomId);
      if (held) return unlockWith(held.key);
      const text = newKey();
      await use(text);
      handOver(text);
    } finally {
      release?.();
    }
  }

  /** The messages of this room that are here: a key that opens one of them is the right one. */
  const samples = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll('#timeline [data-sealed]')])
    .map((text) => talkOf(/** @type {HTMLElement} */ (text.closest('.message'))))
    .filter(({ message }) => message.startsWith('maru'));

  /** @param {CryptoKey} candidate */
  async function fits(candidate) {
    const sealed = samples();
    return !sealed.length || Promise.any(sealed.map((talk) => open(candidate, talk, talk.message))).then(() => true, () => false);
  }

  /** @param {string} text @returns {Promise<boolean>} does it fit? */
  async function use(text) {
    try {
      const candidate = await readKey(text);
      if (!(await fits(candidate))) return false;
      await keepKey(roomId, candidate, samples().length > 0);
      unlockWith(candidate, text);
      return true;
    } catch {
      return false;
    }
  }

  /** @param {CryptoKey} fitting @param {string} [text] as it was in the link, if this page has seen that */
  function unlockWith(fitting, text = '') {
    key = fitting;
    over.querySelector('.stop')?.remove();
    offerInvitation(byId('invite'), text);
    for (const [into, messages] of locked) unlock(into, ...messages);
    locked.clear();
    onOpen(true);
  }

  function ask() {
    onOpen(false);
    const input = /** @type {HTMLInputElement} */ (element('input', { id: 'key', autocomplete: 'off', spellcheck: 'false', required: true }));
    const wrong = element('p', { class: 'error', role: 'alert', hidden: true }, t('no_key_wrong'));
    const row = element('div', { class: 'row' }, input, element('button', { class: 'button primary' }, t('no_key_open')));
    const form = element('form', { class: 'field' }, element('label', { for: 'key' }, t('no_key_label')), row, wrong);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const text = input.value.trim();
      wrong.hidden = await use(keyIn(text) || text);
    });
    showStop(over, { title: t('no_key_title'), text: t('no_key_text') }, form);
  }

  /** Put a message into its row; it opens in place. @type {import('./message-row.js').Write} */
  function write(into, talk, edit) {
    into.dataset.sealed = talk.message;
    into.classList.add('sealed');
    if (!into.hasChildNodes()) into.textContent = t('sealed');
    if (key) unlock(into, talk, edit);
    else locked.set(into, [talk, edit]);
  }

  /** @param {HTMLElement} into @param {Message} talk @param {Message} [edit] */
  async function unlock(into, talk, edit) {
    const turn = (turns.get(into) ?? 0) + 1;
    turns.set(into, turn);
    const said = await tryOpen(talk);
    const changed = edit && edit.sender === talk.sender ? await tryOpen(edit) : null;
    const shown = changed ?? said;
    if (turns.get(into) !== turn) return;
    keeping(() => {
      if (!shown) return refuse(into, 'unreadable');
      // Only what opens counts: nobody can have a message of others taken for a repeat of theirs.
      if (said && repeats.isRepeat(into, talk)) return refuse(into, 'repeated');
      words.set(into, shown.text);
      into.replaceChildren(format(shown.text));
      into.classList.remove('sealed');
      mark(into, edit && !changed ? 'seal_of_edit' : shown.older ? 'seal_older' : '');
    });
  }

  /** @param {Message} message */
  async function tryOpen(message) {
    try {
      return await open(/** @type {CryptoKey} */ (key), message, message.message);
    } catch {
      return null;
    }
  }

  /** @param {HTMLElement} into @param {string} why */
  function refuse(into, why) {
    words.delete(into);
    into.classList.add('sealed');
    into.textContent = t(why);
    mark(into, '');
  }

  addEventListener('hashchange', () => {
    const text = takeFromAddress();
    if (text && !key) use(text);
  });

  return {
    findKey,
    write,

    /** What a row says, if it could be opened. @param {HTMLElement} row */
    wordsOf: (row) => words.get(/** @type {HTMLElement} */ (row.querySelector('.message-text'))),

    /** @param {Pick<Message, 'type' | 'clientId' | 'ref'>} as @param {string} text @returns {Promise<string>} */
    seal(as, text) {
      const binding = { roomId, sender: String(page.me), ...as };
      sealing = sealing.catch(() => {}).then(() => seal(/** @type {CryptoKey} */ (key), binding, text));
      return sealing;
    },
  };
}

/** A line under the text about what its seal does not prove. @param {HTMLElement} into @param {string} why */
function mark(into, why) {
  const row = into.parentElement;
  row?.querySelector('.seal-mark')?.remove();
  if (why) into.after(element('p', { class: 'seal-mark' }, t(why)));
}

/** Do both open the same? @param {CryptoKey} held @param {string} text */
async function isSame(held, text) {
  const binding = { roomId, sender: '', type: 'TALK', clientId: 'probe' };
  try {
    await open(await readKey(text), binding, await seal(held, binding, ''));
    return true;
  } catch {
    return false;
  }
}
