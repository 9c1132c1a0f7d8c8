/**
 * The button that leads to the first unread message, however far up it is. It shows the number of unread
 * messages, loads them, and marks the first one with a line. The pill at the bottom leads back.
 */
import { Failed } from './errors.js';
import { isOwn } from './message-row.js';
import { figure, t } from './page.js';

/**
 * @param {object} parts
 * @param {HTMLElement} parts.log
 * @param {HTMLButtonElement} parts.button
 * @param {{ markNew: (row: HTMLElement | null) => void, rows: () => HTMLElement[] }} parts.timeline
 * @param {{ hasMore: () => boolean }} parts.earlier
 * @param {(seq: number) => Promise<void>} parts.showAround show the messages around that number
 * @param {() => number} parts.oldest the lowest number loaded
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createFirstUnread({ log, button, timeline, earlier, showAround, oldest, signal }) {
  /** The number of the last message read; 0 while the line is where it belongs. */
  let read = 0;
  const observer = new IntersectionObserver(([entry]) => { if (entry.isIntersecting) done(); }, { root: log });

  const line = () => /** @type {HTMLElement | null} */ (log.querySelector('.new-line'));

  function done() {
    observer.disconnect();
    button.hidden = true;
  }

  /** Is everything loaded that was not read? */
  const isLoaded = () => oldest() <= read + 1 || !earlier.hasMore();

  /** Put the line above the first of others that was not read, once that is loaded. */
  function place() {
    if (!read || !isLoaded()) return;
    const first = timeline.rows().find((row) => Number(row.dataset.seq) > read && !isOwn(row));
    read = 0;
    if (first) timeline.markNew(first);
  }

  /** @param {number} count */
  function show(count) {
    button.textContent = t(count === 1 ? 'first_unread_one' : 'first_unread_many', { count: figure(count) });
    button.hidden = false;
    observer.disconnect();
    const drawn = line();
    if (drawn) observer.observe(drawn);
  }

  async function go() {
    button.setAttribute('aria-busy', 'true');
    try {
      if (!isLoaded()) await showAround(read + 1);
    } catch (problem) {
      // The button stays, to be pressed again.
      if (!(problem instanceof Failed)) throw problem;
      return;
    } finally {
      button.removeAttribute('aria-busy');
    }
    place();
    done();
    const target = /** @type {HTMLElement | null | undefined} */ (line()?.nextElementSibling);
    if (!target) return;
    target.scrollIntoView({ block: 'center' });
    target.focus({ preventScroll: true });
  }

  button.addEventListener('click', go);
  signal.addEventListener('abort', () => observer.disconnect());

  return {
    /** Since the last visit. @param {number} lastRead @param {number} count */
    since(lastRead, count) {
      if (count === 0) return;
      read = lastRead;
      place();
      show(count);
    },

    /** They came while nobody looked; the line is drawn. @param {number} count */
    tell(count) {
      if (line()) show(count);
    },

    /** What is written was read before. */
    forget() {
      read = 0;
      done();
    },
  };
}
