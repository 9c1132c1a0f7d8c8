/**
 * Shows this room's items of the outbox in the conversation: messages and failed edits in a list below
 * the others, with buttons to decide about them; other changes in the rows of their messages.
 */
import { byId } from './dom.js';
import * as outbox from './outbox.js';
import { page } from './page.js';
import { createUnsentChanges } from './unsent-changes.js';
import { reasonOf } from './unsent-summary.js';

/** @typedef {import('./outbox.js').Item} Item @typedef {import('./message-row.js').Message} Message */

/**
 * @param {object} parts
 * @param {ReturnType<typeof import('./timeline.js').createTimeline>} parts.timeline
 * @param {ReturnType<typeof import('./reading-position.js').createReadingPosition>} parts.position
 * @param {import('./message-row.js').Write} parts.write
 * @param {(row: HTMLElement, item: Item) => string | undefined} parts.wordsOf
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

  /** @param {(item: Item) => void} decide @returns {(item: Item) => void} */
  function decided(decide) {
    return (item) => {
      decide(item);
      onDecided();
    };
  }

  /** @param {Item} item */
  function showRow(item) {
    if (shown.has(item.clientId) && shown.get(item.clientId) === item.reason) return;
    shown.set(item.clientId, item.reason);
    timeline.showPending(messageOf(item), {
      reason: item.reason && reasonOf(item),
      onRetry: item.reason === 'gone' ? undefined : () => decided(outbox.retry)(item),
      onTakeBack: () => takeBack(item),
      onDiscard: () => decided(outbox.drop)(item),
    });
  }

  /** @param {Item} item */
  function takeBack(item) {
    const row = /** @type {HTMLElement | null} */ (pending.querySelector(`[data-client-id="${CSS.escape(item.clientId)}"]`));
    const words = row && wordsOf(row, item);
    if (!words) return;
    onTakeBack(words);
    decided(outbox.drop)(item);
  }

  function show() {
    const items = outbox.itemsOf(roomId);
    const rows = items.filter(({ kind, reason }) => kind === 'message' || (kind === 'edit' && reason));
    const kept = new Set(rows.map(({ clientId }) => clientId));
    position.withoutMoving(() => {
      for (const clientId of [...shown.keys()]) {
        if (kept.has(clientId)) continue;
        shown.delete(clientId);
        timeline.dropPending(clientId);
      }
      rows.forEach(showRow);
      changes.show(items.filter((item) => !rows.includes(item) && !item.reason));
    });
    onChange();
  }

  return { show, done: changes.done };
}

/** An item as the message that it becomes. @param {Item} item @returns {Message} */
export function messageOf({ kind, roomId, sender = String(page.me), clientId, text = '', ref, at }) {
  const senderId = String(page.myId);
  return { type: kind === 'edit' ? 'EDIT' : 'TALK', roomId, sender, senderId, message: text, clientId, ref, sentAt: at };
}
