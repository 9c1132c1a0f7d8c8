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
 * @param {HTMLElement} parts.way with the button that goes there, and the one that lets it be
 * @param {{ markNew: (row: HTMLElement | null) => void, rows: () => HTMLElement[] }} parts.timeline
 * @param {{ hasMore: () => boolean }} parts.earlier
 * @param {(seq: number) => Promise<void>} parts.showAround show the messages around that number
 * @param {() => number} parts.oldest the lowest number loaded
 * @param {() => void} parts.onLet it need not be seen
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createFirstUnread({ log, way, timeline, earlier, showAround, oldest, onLet, signal }) {
  const [button, letBe] = way.querySelectorAll('button');
  /** The number of the last message read; null while the line is where it belongs. @type {number | null} */
  let read = null;
  const observer = new IntersectionObserver(([entry]) => { if (entry.isIntersecting) done(); }, { root: log });

  const line = () => /** @type {HTMLElement | null} */ (log.querySelector('.new-line'));

  function done() {
    observer.disconnect();
    way.hidden = true;
  }

  /** Is everything loaded that was not read? */
  const isLoaded = () => read === null || oldest() <= read + 1 || !earlier.hasMore();

  /** Put the line above the first of others that was not read, once that is loaded. */
  function place() {
    if (read === null || !isLoaded()) return;
    const after = read;
    const first = timeline.rows().find((row) => Number(row.dataset.seq) > after && !isOwn(row));
    read = null;
    if (first) timeline.markNew(first);
  }

  /** @param {number} count */
  function show(count) {
    button.textContent = t(count === 1 ? 'first_unread_one' : 'first_unread_many', { count: figure(count) });
    way.hidden = false;
    observer.disconnect();
    const drawn = line();
    if (drawn) observer.observe(drawn);
  }

  async function go() {
    button.setAttribute('aria-busy', 'true');
    try {
      if (read !== null && !isLoaded()) await showAround(read + 1);
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
  letBe.addEventListener('click', () => {
    forget();
    onLet();
    log.focus({ preventScroll: true });
  });
  signal.addEventListener('abort', () => observer.disconnect());

  /** What is written was read before. */
  function forget() {
    read = null;
    done();
  }

  return {
    forget,

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
  };
}
