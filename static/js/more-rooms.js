/** The next pages of a list of rooms, put below those that are there. */
import { address, t } from './page.js';

const PAGE = 100;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list with the cursor of the next page as `data-next`
 * @param {HTMLAnchorElement | null} parts.more the link to the next page, if there is one
 * @param {string} [parts.q] what is searched for
 * @param {ReturnType<typeof import('./directory.js').keepDirectory>} parts.directory
 */
export function loadMoreRooms({ list, more, q = '', directory }) {
  const words = more?.textContent ?? '';

  async function load() {
    const query = new URLSearchParams({ q, cursor: list.dataset.next ?? '', limit: String(PAGE) });
    const answer = await fetch(address(`/api/rooms?${query}`));
    if (!answer.ok) throw new Error(`No rooms: ${answer.status}`);
    const { rooms, next } = await answer.json();
    const [first] = directory.append(rooms);
    first?.querySelector('a')?.focus({ preventScroll: true });
    list.dataset.next = next ?? '';
    if (!next) more?.parentElement?.remove();
  }

  more?.addEventListener('click', async (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || !list.dataset.next) return;
    event.preventDefault();
    if (more.getAttribute('aria-busy')) return;
    more.setAttribute('aria-busy', 'true');
    try {
      await load();
      more.textContent = words;
    } catch {
      more.textContent = t('more_failed');
    }
    more.removeAttribute('aria-busy');
  });
}
