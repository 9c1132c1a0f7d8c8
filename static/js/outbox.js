/**
 * What is still to be sent. An entry has its clientId from the first moment and keeps it through
 * every retry and reload, so the server stores it once; one is sent at a time, so they stay in order.
 */
import { Refused } from './connection.js';
import { page, t } from './page.js';

const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;

/**
 * @typedef {object} Entry
 * @property {string} clientId
 * @property {string} text as it goes over the wire: of an encrypted room, the ciphertext
 * @property {number} at in ms
 * @property {string} [reason] why it failed; it then waits for the person to decide
 */

/**
 * @param {object} parts
 * @param {(event: string, fields: object) => Promise<any>} parts.request
 * @param {() => boolean} parts.ready is the room joined?
 * @param {() => void} parts.rejoin the server says that we are not in the room
 * @param {(entry: Entry) => void} parts.show
 * @param {(clientId: string) => void} parts.hide
 * @param {(entry: Entry, answer: { seq: number, sentAt: number, userCount: number }) => void} parts.onSent
 */
export function createOutbox({ request, ready, rejoin, show, hide, onSent }) {
  const key = `maru.outbox.${page.me}.${page.roomId}`;
  /** @type {Entry[]} */
  const entries = JSON.parse(sessionStorage.getItem(key) ?? '[]');
  let sending = false;
  let timer = 0;
  let tries = 0;

  function save() {
    if (entries.length) sessionStorage.setItem(key, JSON.stringify(entries));
    else sessionStorage.removeItem(key);
  }

  /** @param {string} clientId */
  function drop(clientId) {
    const at = entries.findIndex((entry) => entry.clientId === clientId);
    if (at < 0) return;
    entries.splice(at, 1);
    save();
    hide(clientId);
  }

  async function flush() {
    clearTimeout(timer);
    const entry = entries.find(({ reason }) => !reason);
    if (sending || !ready() || !entry) return;
    sending = true;
    try {
      const { clientId, text } = entry;
      const answer = await request('message', { roomId: page.roomId, message: text, clientId });
      tries = 0;
      // Dropped before it is handed on: no moment shows it twice.
      drop(clientId);
      onSent(entry, answer);
    } catch (problem) {
      if (problem instanceof Refused) refused(entry, problem);
      else later(RETRY_MS);
      return;
    } finally {
      sending = false;
    }
    flush();
  }

  /** @param {Entry} entry @param {Refused} problem */
  function refused(entry, { code, retryAfter }) {
    if (code === 'rate_limited') return later((retryAfter ?? 1) * 1000);
    if (code === 'not_joined') return rejoin();
    if (['unavailable', 'unauthorized', 'token_expired', 'error'].includes(code)) {
      tries += 1;
      return later(Math.min(RETRY_MS * 2 ** tries, LONGEST_RETRY_MS));
    }
    entry.reason = t({ too_long: 'failed_too_long', forbidden: 'failed_forbidden', not_found: 'failed_forbidden' }[code] ?? 'failed_invalid');
    save();
    show(entry);
    later(0);
  }

  /** @param {number} delay in ms */
  function later(delay) {
    clearTimeout(timer);
    timer = setTimeout(flush, delay * (1 + Math.random() / 4));
  }

  return {
    /** @param {string} text */
    add(text) {
      const entry = { clientId: newId(), text, at: Date.now() };
      entries.push(entry);
      save();
      show(entry);
      flush();
    },

    /** Send again what failed. @param {Entry} entry */
    retry(entry) {
      delete entry.reason;
      save();
      show(entry);
      flush();
    },

    /** It is stored, as we hear from elsewhere, or no longer wanted. */
    drop,
    flush,

    /** What a reload left behind. */
    restore() {
      entries.forEach(show);
    },
  };
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
