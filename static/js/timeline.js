/**
 * The list of messages: stored ones in order, with lines for days and for ENTER and QUIT; below it a
 * list of messages that are still to be sent.
 *
 * A row's message is in its data attributes, so that rows rendered by the server work like others.
 */
import { createAnnouncements } from './announcements.js';
import { dayRow, group, markUnsent, messageRow, newLineRow, renameSender, showReactions, showWhetherToMe, talkOf } from './message-row.js';
import { day, retime, sameDay, untilMidnight } from './time.js';

/** @typedef {import('./message-row.js').Message} Message */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list
 * @param {HTMLElement} parts.pendingList
 * @param {import('./message-row.js').Write} parts.write
 * @param {ReturnType<typeof import('./changes.js').createChanges>} parts.changes
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createTimeline({ list, pendingList, write, changes, signal }) {
  const announcements = createAnnouncements(put);

  /** @returns {HTMLElement[]} */
  const rows = () => [...list.querySelectorAll('.message')].map((row) => /** @type {HTMLElement} */ (row));

  /** @param {Message} message as it reads after all changes */
  function rowOf(message) {
    const edit = changes.editOf(Number(message.seq));
    const row = messageRow(message, write, edit);
    row.classList.toggle('edited', edit !== undefined);
    showReactions(row, changes.reactionsTo(Number(message.seq)));
    return row;
  }

  /** Something was done to a message. @param {Message} change */
  function alter({ type, ref }) {
    const row = /** @type {HTMLElement | null} */ (list.querySelector(`[data-seq="${Number(ref)}"]`));
    if (!row) return;
    if (type === 'DELETE') remove(row);
    if (type === 'REACT') showReactions(row, changes.reactionsTo(Number(ref)));
    if (type === 'EDIT') {
      row.classList.add('edited');
      showWhetherToMe(row, changes.editOf(Number(ref)));
      write(/** @type {HTMLElement} */ (row.querySelector('.message-text')), talkOf(row), changes.editOf(Number(ref)));
    }
  }

  /** @param {HTMLElement} row */
  function remove(row) {
    const next = /** @type {HTMLElement | null} */ (row.nextElementSibling);
    // Who deletes by keyboard goes on from the message beside it.
    if (row.contains(document.activeElement)) neighbour(row)?.focus({ preventScroll: true });
    row.remove();
    if (next?.matches('.message')) group(next, above(next));
    for (const separator of list.querySelectorAll('.day')) {
      if (!separator.nextElementSibling || separator.nextElementSibling.matches('.day')) separator.remove();
    }
    regroupPending();
  }

  /** @param {HTMLElement} row @returns {HTMLElement | undefined} the message after it, else the one before */
  function neighbour(row) {
    const all = rows();
    const at = all.indexOf(row);
    return all[at + 1] ?? all[at - 1];
  }

  /** The row right above this one, if it is a message's. @param {HTMLElement} row */
  function above(row) {
    const previous = /** @type {HTMLElement | null} */ (row.previousElementSibling);
    return previous?.classList.contains('message') ? previous : null;
  }

  /** At the end, under the day it belongs to. @param {HTMLElement} row @param {number} at */
  function put(row, at) {
    const newest = /** @type {HTMLElement | undefined} */ ([...list.querySelectorAll('.day')].at(-1));
    if (!newest || !sameDay(Number(newest.dataset.at), at)) list.append(dayRow(at));
    list.append(row);
  }

  /** @param {Message} message at the end */
  function append(message) {
    announcements.said();
    const row = rowOf(message);
    put(row, message.sentAt);
    group(row, above(row));
    regroupPending();
    return row;
  }

  /** @param {Message[]} messages older than all that is shown, ascending */
  function prepend(messages) {
    const first = rows()[0] ?? null;
    const newest = messages.at(-1);
    if (!newest) return;
    const oldestDay = /** @type {HTMLElement | null} */ (list.querySelector('.day'));
    if (oldestDay && sameDay(newest.sentAt, Number(oldestDay.dataset.at))) oldestDay.remove();
    const made = new DocumentFragment();
    /** @type {HTMLElement | null} */
    let previous = null;
    for (const message of messages) {
      if (!previous || !sameDay(Number(previous.dataset.at), message.sentAt)) made.append(dayRow(message.sentAt));
      const row = rowOf(message);
      made.append(row);
      group(row, above(row));
      previous = row;
    }
    list.prepend(made);
    if (first) group(first, above(first));
  }

  /** @param {Message[]} messages everything that is to be shown */
  function replace(messages) {
    announcements.clear();
    list.replaceChildren();
    prepend(messages);
    regroupPending();
  }

  /** Somebody came or went. @param {Message} message */
  function move(message) {
    announcements.move(message);
    regroupPending();
  }

  /** @param {string} clientId @returns {HTMLElement | null} */
  const pendingRow = (clientId) => pendingList.querySelector(`[data-client-id="${CSS.escape(clientId)}"]`);

  /** Show, or change, a message that is not sent yet. @param {Message} message @param {Parameters<typeof markUnsent>[1]} unsent */
  function showPending(message, unsent) {
    let row = pendingRow(String(message.clientId));
    if (!row) {
      row = messageRow(message, write);
      pendingList.append(row);
    }
    markUnsent(row, unsent);
    regroupPending();
  }

  /** @param {string} clientId */
  function dropPending(clientId) {
    pendingRow(clientId)?.remove();
    regroupPending();
  }

  function regroupPending() {
    for (const row of /** @type {Iterable<HTMLElement>} */ (pendingList.children)) {
      const last = /** @type {HTMLElement | null} */ (list.lastElementChild);
      group(row, above(row) ?? (row === pendingList.firstElementChild && last?.matches('.message') ? last : null));
    }
  }

  /** Draw the line above this row, or no line at all. @param {HTMLElement | null} row */
  function markNew(row) {
    list.querySelector('.new-line')?.remove();
    if (!row) return;
    row.before(newLineRow());
    group(row, null);
  }

  /** Somebody is shown in another way now. @param {string} userId */
  function rename(userId) {
    for (const row of rows()) {
      if (row.dataset.senderId === userId) renameSender(row);
      const reactions = changes.reactionsTo(Number(row.dataset.seq));
      if (reactions.some(([, userIds]) => userIds.includes(userId))) showReactions(row, reactions);
    }
    announcements.rename(userId);
  }

  /** If there are more rows than `most`, forget all but the newest. True if there were. @param {number} most @param {number} keep */
  function prune(most, keep) {
    if (rows().length <= most) return false;
    const first = rows().at(-keep);
    if (!first || first === rows()[0]) return false;
    while (list.firstElementChild !== first) list.firstElementChild?.remove();
    list.prepend(dayRow(Number(first.dataset.at)));
    group(first, null);
    return true;
  }

  /** Forget the newest rows beyond so many. True if there were any. @param {number} keep */
  function cut(keep) {
    const last = rows()[keep - 1];
    if (!last?.nextElementSibling) return false;
    announcements.clear();
    while (list.lastElementChild !== last) list.lastElementChild?.remove();
    return true;
  }

  /** Take over what the server drew. @param {boolean} elsewhere it did not know our time zone */
  function adopt(elsewhere) {
    for (const row of rows()) {
      const text = /** @type {HTMLElement} */ (row.querySelector('.message-text'));
      if (text.dataset.sealed) write(text, talkOf(row), changes.editOf(Number(row.dataset.seq)));
    }
    if (elsewhere) redate();
  }

  /** Say days and times anew: in another zone, or after midnight. */
  function redate() {
    retime();
    list.querySelectorAll('.day').forEach((separator) => separator.remove());
    /** @type {HTMLElement | null} */
    let previous = null;
    for (const row of rows()) {
      const at = Number(row.dataset.at);
      if (!previous || !sameDay(Number(previous.dataset.at), at)) row.before(dayRow(at));
      group(row, above(row));
      previous = row;
    }
  }

  let midnight = 0;
  function sayDaysAtMidnight() {
    midnight = setTimeout(() => {
      for (const separator of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll('.day'))) {
        if (separator.firstElementChild) separator.firstElementChild.textContent = day(Number(separator.dataset.at));
      }
      sayDaysAtMidnight();
    }, untilMidnight());
  }
  sayDaysAtMidnight();
  signal.addEventListener('abort', () => clearTimeout(midnight));

  return { adopt, alter, append, prepend, replace, rename, move, showPending, dropPending, markNew, cut, prune, rows };
}
