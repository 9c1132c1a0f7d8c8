/** The next pages of a list of rooms, put below those that are there. */
import { call } from './api.js';
import { Failed } from './errors.js';
import { httpRequest, jsonOf } from './http.js';
import { address, t } from './page.js';

const PAGE_ROOMS = 100;
/** Pages asked for at one click. */
const MAX_PAGES = 5;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list with the cursor of the next page as `data-next`
 * @param {HTMLAnchorElement | null} parts.more the link to the next page, if there is one
 * @param {string} [parts.q] what is searched for
 * @param {ReturnType<typeof import('./directory.js').keepDirectory>} parts.directory
 */
export function loadMoreRooms({ list, more, q = '', directory }) {
  /** A page may be without a room that is new here: then the one after it is asked for. */
  async function load() {
    for (let tries = 0; tries < MAX_PAGES && list.dataset.next !== ''; tries += 1) {
      const [first] = directory.append(await nextPage());
      first?.querySelector('a')?.focus({ preventScroll: true });
      if (first) break;
    }
    if (!list.dataset.next) more?.parentElement?.remove();
  }

  async function nextPage() {
    const query = new URLSearchParams({ q, cursor: list.dataset.next ?? '', limit: String(PAGE_ROOMS) });
    const answer = await httpRequest(address(`/api/rooms?${query}`));
    if (!answer.ok) throw new Failed(`No rooms: ${answer.status}`);
    const { rooms, next } = await jsonOf(answer);
    list.dataset.next = next ?? '';
    return rooms;
  }

  if (more) onMore(more, load, () => Boolean(list.dataset.next));
}

/**
 * The rest of one's own rooms, all at once.
 *
 * @param {HTMLAnchorElement | null} more the link to where they are, if there are more
 * @param {ReturnType<typeof import('./directory.js').keepDirectory>} directory
 */
export function loadOwnRooms(more, directory) {
  async function load() {
    const [first] = directory.append((await call('GET', address('/api/me/rooms'))).rooms);
    first?.querySelector('a')?.focus({ preventScroll: true });
    more?.parentElement?.remove();
  }

  if (more) onMore(more, load, () => true);
}

/** @param {HTMLAnchorElement} more @param {() => Promise<void>} load @param {() => boolean} isThere */
function onMore(more, load, isThere) {
  const words = more.textContent;
  more.addEventListener('click', async (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || !isThere()) return;
    event.preventDefault();
    if (more.getAttribute('aria-busy')) return;
    more.setAttribute('aria-busy', 'true');
    try {
      await load();
      more.textContent = words;
    } catch (problem) {
      more.textContent = t('more_failed');
      if (!(problem instanceof Failed)) throw problem;
    } finally {
      more.removeAttribute('aria-busy');
    }
  });
}
