/**
 * Shows edits, deletions and reactions that wait to be sent in the rows of their messages: an edit's new
 * text at once, and a line that says what is not sent yet. Rows may be redrawn meanwhile.
 *
 * @typedef {import('./outbox.js').Item} Item
 * @typedef {import('./message-row.js').Message} Message
 */
import { talkOf } from './message-row.js';
import { t } from './page.js';
import { blankRow, partOf } from './row-templates.js';

/** A change that is sent sooner is not marked as waiting. */
const SHOW_AFTER_MS = 1200;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list
 * @param {import('./message-row.js').Write} parts.write
 * @param {(item: Item) => Message} parts.asMessage
 * @param {(item: Item) => void} parts.onDiscard
 */
export function createUnsentChanges({ list, write, asMessage, onDiscard }) {
  /** @type {Map<string, Item>} */
  const waiting = new Map();
  /** What a row said before its edit. @type {WeakMap<HTMLElement, Node[]>} */
  const before = new WeakMap();

  /** @param {number | undefined} seq @returns {HTMLElement | null} */
  const rowOf = (seq) => list.querySelector(`.message[data-seq="${Number(seq)}"]`);
  /** @param {Element} row @returns {HTMLElement} */
  const textOf = (row) => /** @type {HTMLElement} */ (row.querySelector('.message-text'));
  /** @param {string} clientId */
  const lineOf = (clientId) => list.querySelector(`.message-state[data-change="${CSS.escape(clientId)}"]`);

  /** @param {Item} item */
  function draw(item) {
    const row = rowOf(item.ref);
    if (!row || lineOf(item.clientId)) return;
    row.classList.add('changing');
    if (item.kind === 'edit') {
      const text = textOf(row);
      if (!before.has(text)) before.set(text, [...text.childNodes]);
      write(text, talkOf(row), asMessage(item));
    }
    row.append(line(item));
  }

  /** @param {Item} item */
  function line(item) {
    const made = blankRow('change');
    made.dataset.change = item.clientId;
    made.prepend(t(`waiting_${item.kind}`, { emoji: item.emoji ?? '' }));
    partOf(made, 'button').addEventListener('click', () => onDiscard(item));
    setTimeout(() => { made.hidden = false; }, Math.max(0, item.at + SHOW_AFTER_MS - Date.now()));
    return made;
  }

  /** @param {Item} item @param {boolean} done it is stored, and comes as everybody's changes do */
  function erase({ clientId, kind, ref }, done) {
    lineOf(clientId)?.remove();
    const row = rowOf(ref);
    if (!row) return;
    row.classList.toggle('changing', Boolean(row.querySelector('.message-state[data-change]')));
    const text = textOf(row);
    const words = before.get(text);
    if (kind !== 'edit' || !words) return;
    before.delete(text);
    if (!done) text.replaceChildren(...words);
  }

  new MutationObserver(() => waiting.forEach(draw)).observe(list, { childList: true });

  return {
    /** These wait now. @param {Item[]} items changes of this room */
    show(items) {
      const now = new Set(items.map(({ clientId }) => clientId));
      for (const [clientId, item] of [...waiting]) {
        if (now.has(clientId)) continue;
        waiting.delete(clientId);
        erase(item, false);
      }
      for (const item of items) {
        waiting.set(item.clientId, item);
        draw(item);
      }
    },

    /** It is stored. @param {Item} item */
    done(item) {
      if (waiting.delete(item.clientId)) erase(item, true);
    },
  };
}
