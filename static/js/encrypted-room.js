/**
 * An encrypted room: finds its key or asks the person for it, and encrypts and decrypts its messages
 * (with cipher.js).
 */
import { startAccount } from './account-data.js';
import { hideBlockingPanel, showBlockingPanel } from './blocking-panel.js';
import { available, isSameKey, newKey, open, readKey, seal } from './cipher.js';
import { byId } from './dom.js';
import { handOver, offerInvitation, takeFromAddress } from './invitation-link.js';
import { askForKey, askForNewKey, hideNote, showNote } from './key-panel.js';
import { exchangeKey, heldKey, keepKey, noteVerified } from './key-store.js';
import * as locks from './locks.js';
import { messageText } from './markup.js';
import { talkOf } from './message-row.js';
import { page, t } from './page.js';
import { createReplays } from './replays.js';
import { blankRow } from './row-templates.js';

/** @typedef {import('./message-row.js').Message} Message */

const LOCK_TIMEOUT_MS = 5000;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.over where the panel goes that asks for the key
 * @param {(change: () => void) => void} parts.withoutMoving changes rows without moving what is read
 * @param {(open: boolean) => void} parts.onOpen may one read and write now?
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createEncryptedRoom({ over, withoutMoving, onOpen, signal }) {
  // What is found out after the room was left must not meet the parts of the next one.
  const roomId = String(page.roomId);
  const owns = page.ownerId === page.myId;
  const isEmpty = page.seq === 0;
  const invite = byId('invite');
  const otherKey = byId('other-key');
  const timeline = byId('timeline');
  /** @type {CryptoKey | null} */
  let key = null;
  /** Has it opened something here, or been made here? */
  let verified = false;
  /** Messages are sealed one after the other, so that they are sent in the order written. @type {Promise<any>} */
  let sealing = Promise.resolve();
  /** Rows that wait for the key. @type {Map<HTMLElement, [Message, Message | undefined]>} */
  const locked = new Map();
  /** What a row was written from, for another key. @type {WeakMap<HTMLElement, [Message, Message | undefined]>} */
  const sources = new WeakMap();
  /** What a row says, once it is opened. @type {WeakMap<HTMLElement, string>} */
  const words = new WeakMap();
  /** How often a row was written: of two that are opened at once, the later counts. @type {WeakMap<HTMLElement, number>} */
  const turns = new WeakMap();
  const replays = createReplays((into) => withoutMoving(() => refuse(into, 'repeated')));

  async function findKey() {
    const given = takeFromAddress();
    // Keys that pages from before kept are carried over by then.
    await startAccount();
    if (!available) return showBlockingPanel(over, { title: t('no_crypto_title'), text: t('no_crypto_text') });
    const held = await heldKey(roomId);
    if (held) return useHeld(held, given);
    if (given && (await use(given))) return;
    if (!given && isNew()) await makeKey();
    else ask();
  }

  /**
   * A key that is kept here is used, whatever link one is sent and whatever others have put into the
   * room: they can put messages there that fit another key.
   *
   * @param {import('./key-store.js').Held} held @param {string} given
   */
  async function useHeld(held, given) {
    verified = held.verified;
    unlockWith(held.key);
    if (given) await compare(held.key, given);
    else if (!verified && held.beside?.length) tell('key_several');
    else if (!verified) await tellIfNothingOpens();
  }

  /** A link, where there is a key already: the link of this key can be copied again; another one is not used. @param {CryptoKey} used @param {string} given */
  async function compare(used, given) {
    const other = await readKey(given);
    if (other && (await isSameKey(used, other))) unlockWith(used, given);
    else tell('key_differs');
  }

  /** The owner who has just opened the room makes its key; nobody else ever does. */
  const isNew = () => owns && isEmpty && !samples().length;

  /** The first key: two tabs make one. Another one: the one used until then is kept beside it. @param {boolean} [another] */
  async function makeKey(another = false) {
    const release = await locks.take(`maru/${page.myId}/key/${roomId}`, LOCK_TIMEOUT_MS);
    try {
      const held = await heldKey(roomId);
      if (held && !another) return await useHeld(held, '');
      const text = newKey();
      const made = /** @type {CryptoKey} */ (await readKey(text));
      verified = true;
      if (another) await exchangeKey(roomId, made, true);
      else await keepKey(roomId, made, true);
      unlockWith(made, text);
      handOver(roomId, text);
    } finally {
      release?.();
    }
  }

  /** The messages of this room that are here: a key that opens one of them is the right one. */
  const samples = () => /** @type {HTMLElement[]} */ ([...timeline.querySelectorAll('[data-sealed]')])
    .map((text) => talkOf(/** @type {HTMLElement} */ (text.closest('.message'))))
    .filter(({ message }) => message.startsWith('maru'));

  /** Does it open any message that is here? @param {CryptoKey} candidate @returns {Promise<boolean>} */
  const opensAny = async (candidate) => (await Promise.all(samples().map((talk) => open(candidate, talk, talk.message)))).some(Boolean);

  /**
   * Use the key of a link, as the person wants. What was in use until then is kept beside it.
   *
   * @param {string} text @returns {Promise<boolean>} is it a key at all?
   */
  async function use(text) {
    const given = await readKey(text);
    if (!given) return false;
    verified = await opensAny(given);
    await exchangeKey(roomId, given, verified);
    unlockWith(given, text);
    if (!verified) await tellIfNothingOpens();
    return true;
  }

  /** Others may have filled the page with what fits another key, so that this proves nothing. */
  async function tellIfNothingOpens() {
    if (key && samples().length && !(await opensAny(key))) tell('key_opens_nothing');
  }

  /** @param {string} about */
  const tell = (about) => showNote(over, about, ask);

  /** @param {CryptoKey} fitting @param {string} [text] as it was in the link, if this page has seen that */
  function unlockWith(fitting, text = '') {
    const before = key;
    key = fitting;
    hideBlockingPanel(over);
    hideNote(over);
    offerInvitation(invite, { roomId, key: text, owns });
    otherKey.onclick = () => {
      invite.closest('dialog')?.close();
      ask();
    };
    for (const [into, messages] of locked) unlock(into, ...messages);
    locked.clear();
    if (before && before !== fitting) rewrite();
    onOpen(true);
  }

  /** Another key opens other messages. */
  function rewrite() {
    for (const into of /** @type {NodeListOf<HTMLElement>} */ (over.querySelectorAll('[data-sealed]'))) {
      const source = sources.get(into);
      if (source) unlock(into, ...source);
    }
  }

  /** Which key? Those that are kept here can be had again. */
  async function ask() {
    const choices = [];
    if (key) {
      const { beside = [] } = (await heldKey(roomId)) ?? {};
      choices.push({ label: t('key_stay'), run: () => hideBlockingPanel(over) });
      choices.push(...beside.map((other) => ({ label: t('key_before'), run: () => goBack(other) })));
    } else {
      onOpen(false);
    }
    // Its link may be lost, or somebody has written into the room before its owner opened it.
    if (owns) choices.push({ label: t('key_make'), run: () => askForNewKey(over, () => makeKey(true), ask) });
    askForKey(over, Boolean(key), use, choices);
  }

  /** @param {import('./key-store.js').Kept} other one that is kept beside the one in use */
  async function goBack(other) {
    ({ verified } = other);
    await exchangeKey(roomId, other.key, verified);
    unlockWith(other.key);
    await tellIfNothingOpens();
  }

  /** Put a message into its row; it opens in place. @type {import('./message-row.js').Write} */
  function write(into, talk, edit) {
    into.dataset.sealed = talk.message;
    into.classList.add('sealed');
    if (!into.hasChildNodes()) into.textContent = t('sealed');
    sources.set(into, [talk, edit]);
    if (key) unlock(into, talk, edit);
    else locked.set(into, [talk, edit]);
  }

  /** @param {HTMLElement} into @param {Message} talk @param {Message} [edit] */
  async function unlock(into, talk, edit) {
    const turn = (turns.get(into) ?? 0) + 1;
    turns.set(into, turn);
    const said = await tryOpen(talk);
    const changed = edit && edit.senderId === talk.senderId ? await tryOpen({ ...edit, sender: talk.sender }) : null;
    const shown = changed ?? said;
    if (turns.get(into) !== turn) return;
    withoutMoving(() => {
      if (!shown) return refuse(into, 'unreadable');
      // Only what opens counts: nobody can have a message of others taken for a repeat of theirs.
      if (said && replays.isReplay(into, talk)) return refuse(into, 'repeated');
      words.set(into, shown.text);
      into.replaceChildren(messageText(shown.text));
      into.classList.remove('sealed');
      mark(into, edit && !changed ? 'seal_of_edit' : shown.older ? 'seal_older' : '');
    });
  }

  /** @param {Message} message */
  async function tryOpen(message) {
    const used = /** @type {CryptoKey} */ (key);
    const opened = await open(used, message, message.message);
    if (opened && used === key && !verified) noteOpened(used);
    return opened;
  }

  /** From now on no link stands in its place. @param {CryptoKey} used */
  function noteOpened(used) {
    verified = true;
    hideNote(over, 'key_opens_nothing');
    noteVerified(roomId, used);
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
    if (text && key) compare(key, text);
    else if (text) use(text);
  }, { signal });

  return {
    findKey,
    write,

    /** What a row says, if it could be opened. @param {HTMLElement} row */
    wordsOf: (row) => words.get(/** @type {HTMLElement} */ (row.querySelector('.message-text'))),

    /** @param {Pick<Message, 'type' | 'clientId' | 'ref'>} as @param {string} text @returns {Promise<string>} */
    seal(as, text) {
      const binding = { roomId, senderId: String(page.myId), ...as };
      // Whoever wrote the one before is told of its failure.
      sealing = sealing.catch(() => {}).then(() => seal(/** @type {CryptoKey} */ (key), binding, text));
      return sealing;
    },
  };
}

/** A line under the text about what its seal does not prove. @param {HTMLElement} into @param {string} why */
function mark(into, why) {
  const row = into.parentElement;
  row?.querySelector('.seal-mark')?.remove();
  if (!why) return;
  const line = blankRow('seal-mark');
  line.textContent = t(why);
  into.after(line);
}
