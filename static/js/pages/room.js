/**
 * The page of a room: what stays while one goes from room to room (the connection, the list of rooms,
 * sheets and dialogs), and the room that is open.
 */
import { showAdditions } from '../added-to-room.js';
import { createConnection } from '../connection.js';
import { prepareDialogs } from '../dialogs.js';
import { keepDirectory } from '../directory.js';
import { byId } from '../dom.js';
import { prepareInlineForms } from '../inline-forms.js';
import { learn } from '../known-people.js';
import { watchServer } from '../link-guard.js';
import { keepMembers } from '../members.js';
import { loadOwnRooms } from '../more-rooms.js';
import { page, t } from '../page.js';
import { reload } from '../page-navigation.js';
import { createPendingLeaves } from '../pending-leaves.js';
import { openRoom } from '../room.js';
import { showRoomName } from '../room-details.js';
import { startRoomNavigation } from '../room-navigation.js';
import { restoreForms } from '../saved-forms.js';
import { prepareSheets } from '../sheets.js';
import { updateShownNames } from '../shown-names.js';
import { placeUnsentSummary } from '../unsent-summary.js';

const connection = createConnection();
watchServer(connection);
const pendingLeaves = createPendingLeaves(connection);
const sheets = prepareSheets();
prepareDialogs();
prepareInlineForms();
keepMembers();
updateShownNames();
const added = showAdditions(connection);
connection.on('person', ({ person }) => learn(person));
const list = byId('room-list');
const directory = keepDirectory({
  list,
  direct: byId('direct-list'),
  connection,
  whole: false,
  own: true,
  onName: (name) => { if (page.kind !== 'direct') showRoomName(name); },
});
loadOwnRooms(/** @type {HTMLAnchorElement | null} */ (document.getElementById('more')), directory);
list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });

/** Where one was reading in rooms that one has gone on from. @type {Map<string, import('../reading-position.js').Place | null>} */
const places = new Map();
let leaving = new AbortController();
let room = open();

function open() {
  leaving = new AbortController();
  return openRoom({ connection, pendingLeaves, directory, signal: leaving.signal });
}

startRoomNavigation({
  sheets,
  onStart: (roomId) => directory.mark(roomId),
  // Who was let in again, or opens a room of that address anew, sees it.
  onSelf(at) {
    if (room.hasEnded()) reload();
    else if (at) room.showMessage(at);
  },
  onLeave() {
    places.set(String(page.roomId), room.place());
    leaving.abort();
  },
  onArrive(isReturn) {
    sheets.settle();
    added.settle();
    placeUnsentSummary(/** @type {HTMLElement} */ (document.querySelector('.conversation-body')));
    restoreForms(byId('room-dialogs'));
    directory.mark(String(page.roomId));
    room = open();
    const place = places.get(String(page.roomId));
    if (isReturn && place) room.returnTo(place);
  },
  onNoAnswer(again) {
    directory.mark(String(page.roomId));
    room.sayFailure(t(navigator.onLine ? 'sent_nowhere' : 'go_offline'), again);
  },
});
connection.start();
