/**
 * The reader's place in the conversation. A reader at the bottom stays there when messages arrive;
 * elsewhere the place does not move, and a pill and a line show what is new. What was in view is read, once
 * the first unread message was.
 *
 * The log is laid out from its end (css/timeline.css): scrollTop is 0 at the bottom and negative
 * above it, so that only what is put in below the reader needs care.
 */
import { isOwn } from './message-row.js';
import { page, t, figure } from './page.js';

const NEAR_PX = 40;
/** So much of a message has to be in view. */
const SEEN_PX = 24;
/** More than this many screens above the bottom, the way back is offered even with nothing new. */
const FAR_SCREENS = 1.5;

/** @typedef {{ seq: number, offset: number }} Place the first message in view, and its distance from the top in px */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.log the scroller
 * @param {HTMLButtonElement} parts.pill
 * @param {{ markNew: (row: HTMLElement | null) => void, rows: () => HTMLElement[] }} parts.timeline
 * @param {ReturnType<typeof import('./read-mark.js').createReadMark>} parts.mark
 * @param {(count: number) => void} parts.onReturn somebody is back at the bottom, past so many new messages
 * @param {() => Promise<void>} parts.onNewest somebody wants to go to the newest message, before which the rows end
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createReadingPosition({ log, pill, timeline, mark, onReturn, onNewest, signal }) {
  let unseen = 0;
  /** The number after which the first unread message comes; null once that was in view. @type {number | null} */
  let unreadAfter = null;
  let frame = 0;
  let newest = Number(page.seq);
  // Updated on scroll events: reading scrollTop for each message would cause a layout each time.
  let atBottom = true;
  /** The rows end before the newest message. */
  let apart = false;

  const reading = () => atBottom && !apart && document.visibilityState === 'visible';

  function show() {
    const far = apart || (!atBottom && log.scrollTop < -FAR_SCREENS * log.clientHeight);
    pill.hidden = (atBottom && !apart) || !(unseen || far);
    pill.classList.toggle('plain', !unseen);
    pill.textContent = unseen === 0 ? t('to_newest') : t(unseen === 1 ? 'new_one' : 'new_many', { count: figure(unseen) });
  }

  function read() {
    if (reading()) {
      if (unseen) onReturn(unseen);
      unseen = 0;
    }
    show();
    if (document.visibilityState === 'visible') frame ||= requestAnimationFrame(look);
  }

  /** What is in view is read. */
  function look() {
    frame = 0;
    if (signal.aborted || document.visibilityState !== 'visible') return;
    const { top, bottom } = log.getBoundingClientRect();
    const rows = timeline.rows();
    const isAbove = (/** @type {HTMLElement} */ row) => row.getBoundingClientRect().top < bottom - SEEN_PX;
    if (unreadAfter !== null) {
      const after = unreadAfter;
      const first = rows.find((row) => Number(row.dataset.seq) > after && !isOwn(row));
      // It may stand above what is loaded.
      const isLoaded = Number(rows[0]?.dataset.seq ?? 0) <= after + 1 || first?.previousElementSibling?.classList.contains('new-line');
      if (first && (!isLoaded || !isAbove(first) || first.getBoundingClientRect().bottom < top)) return;
      unreadAfter = null;
    }
    const last = reading() ? newest : Number(rows.findLast(isAbove)?.dataset.seq ?? 0);
    mark.readTo(last);
  }

  /** All up to here is read, in view or not. */
  function readAll() {
    unreadAfter = null;
    mark.readTo(newest);
  }

  /** Behind this number there is something unread, which may be out of view. @param {number} seq */
  function expectUnread(seq) {
    unreadAfter = Math.min(seq, unreadAfter ?? seq);
  }

  /**
   * Change something below the reader without moving what is read. A reader at the newest message stays there.
   *
   * @template Result
   * @param {() => Result} change
   */
  function withoutMoving(change) {
    if (atBottom && !apart) return change();
    const before = log.scrollHeight;
    const result = change();
    log.scrollTop -= log.scrollHeight - before;
    return result;
  }

  function toBottom() {
    log.scrollTop = 0;
    atBottom = true;
  }

  /** Put in a message at the end. @param {number} seq @param {boolean} own @param {() => HTMLElement} append */
  function arrived(seq, own, append) {
    const before = newest;
    newest = seq;
    const row = withoutMoving(append);
    if (own) {
      timeline.markNew(null);
      toBottom();
      // It may have been said on another device.
      if (document.visibilityState === 'visible') readAll();
    } else if (!reading()) {
      if (unseen === 0) withoutMoving(() => timeline.markNew(row));
      unreadAfter ??= before;
      unseen += 1;
    }
    read();
  }

  /** A message that has no row, since the rows end before it. @param {number} seq @param {boolean} own */
  function missed(seq, own) {
    newest = seq;
    if (!own) unseen += 1;
    show();
  }

  /** @param {boolean} ends the rows end before the newest message */
  function setApart(ends) {
    apart = ends;
    read();
  }

  log.addEventListener('scroll', () => {
    atBottom = log.scrollTop > -NEAR_PX;
    read();
  }, { passive: true });
  document.addEventListener('visibilitychange', read, { signal });
  pill.addEventListener('click', async () => {
    if (apart) await onNewest();
    else toBottom();
    log.focus({ preventScroll: true });
  });

  /** Something without a row of its own, or a fresh page. @param {number} seq the newest number */
  function passed(seq) {
    newest = seq;
    read();
  }

  /** Where one reads, for coming back; null at the bottom. @returns {Place | null} */
  function place() {
    if (atBottom) return null;
    const top = log.getBoundingClientRect().top;
    const row = timeline.rows().find((one) => one.getBoundingClientRect().bottom > top);
    return row ? { seq: Number(row.dataset.seq), offset: row.getBoundingClientRect().top - top } : null;
  }

  /** Back to that place, whose message is loaded. @param {Place} place */
  function returnTo({ seq, offset }) {
    const row = timeline.rows().find((one) => Number(one.dataset.seq) >= seq);
    if (row) log.scrollTop += row.getBoundingClientRect().top - log.getBoundingClientRect().top - offset;
  }

  /** Is that message in view? @param {number} seq */
  function isInView(seq) {
    const row = timeline.rows().find((one) => Number(one.dataset.seq) === seq);
    return Boolean(row) && Number(row?.getBoundingClientRect().top) >= log.getBoundingClientRect().top;
  }

  /** Show this row in the middle. @param {HTMLElement} row */
  function toRow(row) {
    row.scrollIntoView({ block: 'center' });
    atBottom = log.scrollTop > -NEAR_PX;
  }

  return { arrived, missed, isInView, setApart, toRow, withoutMoving, toBottom, read, readAll, expectUnread, passed, place, returnTo, isReading: reading };
}
