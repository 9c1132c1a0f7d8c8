/**
 * Shows this room's entries of the outbox in the conversation: messages and failed edits in a list below
 * the others, with buttons to decide about them; other changes in the rows of their messages.
 */
import { byId } from './dom.js';
import * as outbox from './outbox.js';
import { page } from './page.js';
import { createUnsentChanges } from './unsent-changes.js';
import { reasonOf } from './unsent-summary.js';

/** @typedef {import('./outbox.js').Entry} Entry @typedef {import('./message-row.js').Message} Message */

/**
 * @param {object} parts
 * @param {ReturnType<typeof import('./timeline.js').createTimeline>} parts.timeline
 * @param {ReturnType<typeof import('./reading-position.js').createReadingPosition>} parts.position
 * @param {import('./message-row.js').Write} parts.write
 * @param {(row: HTMLElement, entry: Entry) => string | undefined} parts.wordsOf
 * @param {(words: string) => void} parts.onTakeBack words go back to where one writes
 * @param {() => void} parts.onDecided the button that had the focus is gone
 * @param {() => void} parts.onChange
 */
export function createUnsent({ timeline, position, write, wordsOf, onTakeBack, onDecided, onChange }) {
  const pending = byId('pending');
  const roomId = String(page.roomId);
  /** The rows that are there, and why they failed. @type {Map<string, string | undefined>} */
  const shown = new Map();
  const changes = createUnsentChanges({ list: byId('timeline'), write, asMessage: messageOf, onDiscard: decided(outbox.drop) });

  /** @param {(entry: Entry) => void} decide @returns {(entry: Entry) => void} */
  function decided(decide) {
    return (entry) => {
      decide(entry);
      onDecided();
    };
  }

  /** @param {Entry} entry */
  function showRow(entry) {
    if (shown.has(entry.clientId) && shown.get(entry.clientId) === entry.reason) return;
    shown.set(entry.clientId, entry.reason);
    timeline.showPending(messageOf(entry), {
      reason: entry.reason && reasonOf(entry),
      onRetry: entry.reason === 'gone' ? undefined : () => decided(outbox.retry)(entry),
      onTakeBack: () => takeBack(entry),
      onDiscard: () => decided(outbox.drop)(entry),
    });
  }

  /** @param {Entry} entry */
  function takeBack(entry) {
    const row = /** @type {HTMLElement | null} */ (pending.querySelector(`[data-client-id="${CSS.escape(entry.clientId)}"]`));
    const words = row && wordsOf(row, entry);
    if (!words) return;
    onTakeBack(words);
    decided(outbox.drop)(entry);
  }

  function show() {
    const entries = outbox.entriesOf(roomId);
    const rows = entries.filter(({ kind, reason }) => kind === 'message' || (kind === 'edit' && reason));
    const kept = new Set(rows.map(({ clientId }) => clientId));
    position.withoutMoving(() => {
      for (const clientId of [...shown.keys()]) {
        if (kept.has(clientId)) continue;
        shown.delete(clientId);
        timeline.dropPending(clientId);
      }
      rows.forEach(showRow);
      changes.show(entries.filter((entry) => !rows.includes(entry) && !entry.reason));
    });
    onChange();
  }

  return { show, done: changes.done };
}

/** An entry as the message that it becomes. @param {Entry} entry @returns {Message} */
export function messageOf({ kind, roomId, sender = String(page.me), clientId, text = '', ref, at }) {
  const senderId = String(page.myId);
  return { type: kind === 'edit' ? 'EDIT' : 'TALK', roomId, sender, senderId, message: text, clientId, ref, sentAt: at };
}
