/** Older messages: fetched when the top comes near, or by the button that stands there. */
import { t } from './page.js';

const PAGE = 50;
const NEAR = '600px 0px 0px';

/**
 * @param {object} parts
 * @param {HTMLElement} parts.log the scroller
 * @param {HTMLElement} parts.foot the paragraph with the button
 * @param {() => number} parts.oldest the lowest number shown
 * @param {(before: number, limit: number) => Promise<{ messages: any[], more: boolean }>} parts.fetchBefore
 * @param {(messages: any[]) => void} parts.prepend
 */
export function createEarlier({ log, foot, oldest, fetchBefore, prepend }) {
  const button = /** @type {HTMLButtonElement} */ (foot.querySelector('button'));
  const words = button.textContent;
  let busy = false;
  const observer = new IntersectionObserver(
    ([entry]) => { if (entry.isIntersecting) load(); },
    { root: log, rootMargin: NEAR },
  );

  async function load() {
    if (busy || foot.hidden) return;
    busy = true;
    button.setAttribute('aria-busy', 'true');
    try {
      const { messages, more } = await fetchBefore(oldest(), PAGE);
      // What is old is not news: the live region must not read it out.
      log.setAttribute('aria-live', 'off');
      prepend(messages);
      setTimeout(() => log.removeAttribute('aria-live'), 500);
      offer(more);
    } catch {
      button.textContent = t('more_failed');
      observer.disconnect();
    } finally {
      busy = false;
      button.removeAttribute('aria-busy');
    }
  }

  /** @param {boolean} more is there anything older? */
  function offer(more) {
    foot.hidden = !more;
    button.textContent = words;
    // Observed anew, it tells again if the top is still near.
    observer.disconnect();
    if (more) observer.observe(foot);
  }

  button.addEventListener('click', load);
  return { offer };
}
