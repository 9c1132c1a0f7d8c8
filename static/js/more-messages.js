/**
 * Loads further messages when the reader comes near an end of those that are shown, or presses the
 * button there, until the screen is full or there are no more. Loading starts after the room has been
 * joined, and is repeated after a failure.
 */
import { Failed, Refused } from './errors.js';
import { t } from './page.js';

const PAGE_MESSAGES = 50;
const NEAR_MARGIN = '600px 0px';
/** How long screen readers take to find that rows were put in. */
const QUIET_MS = 500;
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.log the scroller
 * @param {HTMLElement} parts.foot the paragraph with the button, at that end
 * @param {import('./state.js').State} parts.state with `joined`
 * @param {() => number} parts.edge the number from which on there are more
 * @param {(from: number, limit: number) => Promise<{ messages: any[], seq: number, more: boolean }>} parts.fetchFrom
 * @param {(messages: any[], seq: number, more: boolean) => void} parts.show
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createMoreMessages({ log, foot, state, edge, fetchFrom, show, signal }) {
  const button = /** @type {HTMLButtonElement} */ (foot.querySelector('button'));
  const words = button.textContent;
  /** That end is near, or somebody waits for more. */
  let wanted = false;
  let failures = 0;
  let timer = 0;
  /** @type {Promise<void> | null} */
  let loading = null;
  const observer = new IntersectionObserver(
    ([entry]) => {
      wanted = entry.isIntersecting;
      if (wanted) load();
    },
    { root: log, rootMargin: NEAR_MARGIN },
  );

  function load() {
    if (foot.hidden || !state.now.joined || signal.aborted) return Promise.resolve();
    clearTimeout(timer);
    loading ??= fetchPage().finally(() => { loading = null; });
    return loading;
  }

  async function fetchPage() {
    button.setAttribute('aria-busy', 'true');
    const from = edge();
    try {
      const { messages, seq, more } = await fetchFrom(from, PAGE_MESSAGES);
      failures = 0;
      // A fresh page has taken the place of what this one belonged to.
      if (edge() !== from || foot.hidden || signal.aborted) return;
      // What is old is not news: the live region must not read it out.
      log.setAttribute('aria-live', 'off');
      show(messages, seq, more);
      setTimeout(() => log.removeAttribute('aria-live'), QUIET_MS);
      if (!foot.hidden) offer(more);
    } catch (problem) {
      failed(problem);
    } finally {
      button.removeAttribute('aria-busy');
    }
  }

  /** @param {unknown} problem */
  function failed(problem) {
    if (!(problem instanceof Failed)) throw problem;
    if (signal.aborted) return;
    failures += 1;
    button.textContent = t('more_failed');
    const asked = problem instanceof Refused && problem.retryAfter ? problem.retryAfter * 1000 : 0;
    const delay = Math.max(asked, Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS));
    timer = setTimeout(() => { if (wanted) load(); }, delay * (1 + Math.random() / 4));
  }

  /** @param {boolean} more is there anything further? */
  function offer(more) {
    foot.hidden = !more;
    button.textContent = words;
    // Observed anew, it tells again if that end is still near.
    observer.disconnect();
    if (more) observer.observe(foot);
  }

  button.addEventListener('click', () => {
    wanted = true;
    load();
  });
  state.watch(['joined'], ({ joined }) => { if (joined && wanted) load(); });
  signal.addEventListener('abort', () => {
    observer.disconnect();
    clearTimeout(timer);
  });

  return { offer, hasMore: () => !foot.hidden };
}
