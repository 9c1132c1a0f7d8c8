/** The page of all rooms: live counts, rooms as they open and end, and the next pages in place. */
import { showAdditions } from '../added-to-room.js';
import { createConnection } from '../connection.js';
import { keepDirectory } from '../directory.js';
import { byId } from '../dom.js';
import { prepareInlineForms } from '../inline-forms.js';
import { learn } from '../known-people.js';
import { watchServer } from '../link-guard.js';
import { loadMoreRooms } from '../more-rooms.js';
import { createStatus } from '../status.js';

const list = byId('room-list');
const asked = new URLSearchParams(location.search);
const q = asked.get('q') ?? '';
const status = createStatus(/** @type {HTMLElement} */ (document.querySelector('.connection')));
const connection = createConnection();
watchServer(connection);
connection.watchLink(status.show);

const directory = keepDirectory({
  list,
  direct: byId('direct-list'),
  connection,
  whole: !q && !asked.get('cursor'),
  onChange: () => { byId('empty-list').hidden = list.children.length > 0; },
});
loadMoreRooms({ list, more: /** @type {HTMLAnchorElement | null} */ (document.getElementById('more')), q, directory });
prepareInlineForms();
showAdditions(connection);
connection.on('person', ({ person }) => learn(person));
connection.start();
