/** The page of all rooms: live counts, rooms as they open and end, and the next pages in place. */
import { createConnection } from '../connection.js';
import { keepDirectory } from '../directory.js';
import { byId } from '../dom.js';
import { t } from '../page.js';
import { roomLink } from '../room-link.js';
import { createStatus } from '../status.js';

const PAGE = 100;

const list = byId('room-list');
const asked = new URLSearchParams(location.search);
const q = asked.get('q') ?? '';
const status = createStatus(/** @type {HTMLElement} */ (document.querySelector('.connection')));
const connection = createConnection(status.show);

const directory = keepDirectory({
  list,
  connection,
  whole: !q && !asked.get('cursor'),
  onChange: () => { byId('empty-list').hidden = list.children.length > 0; },
});
connection.start();

const more = /** @type {HTMLAnchorElement | null} */ (document.getElementById('more'));
more?.addEventListener('click', async (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey || !list.dataset.next) return;
  event.preventDefault();
  if (more.getAttribute('aria-disabled')) return;
  more.setAttribute('aria-disabled', 'true');
  try {
    await loadMore();
  } catch {
    more.textContent = t('more_failed');
  }
  more.removeAttribute('aria-disabled');
});

async function loadMore() {
  const query = new URLSearchParams({ q, cursor: list.dataset.next ?? '', limit: String(PAGE) });
  const answer = await fetch(`/api/rooms?${query}`);
  if (!answer.ok) throw new Error(`No rooms: ${answer.status}`);
  const { rooms, next } = await answer.json();
  const known = new Set(directory.rows().map((row) => row.dataset.roomId));
  const fresh = rooms.filter((/** @type {{ roomId: string }} */ room) => !known.has(room.roomId)).map(roomLink);
  list.append(...fresh);
  directory.showAllUnread();
  fresh[0]?.querySelector('a').focus({ preventScroll: true });
  list.dataset.next = next ?? '';
  if (!next) more?.parentElement?.remove();
}
