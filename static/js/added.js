/**
 * Tells on every page that somebody has added one to a room: by whom, with the ways to go there, out again,
 * and out for good. It is read out politely, and moves nothing but itself.
 */
import { call } from './api.js';
import { byId, element } from './dom.js';
import { address, page, t } from './page.js';

/** @typedef {{ roomId: string, name: string, kind: string }} Room */

/** So many stand there at once. */
const MOST = 3;

/** @param {ReturnType<typeof import('./connection.js').createConnection>} connection */
export function tellOfAdding(connection) {
  const said = element('p', { class: 'visually-hidden', role: 'status' });
  const list = element('div', { class: 'news', role: 'region', 'aria-label': t('added_title'), hidden: true });
  document.body.append(said, list);

  /** @param {HTMLElement} card */
  function close(card) {
    card.remove();
    list.hidden = !list.children.length;
  }

  /** @param {Room} room @param {string} by */
  async function tell(room, by) {
    const name = await nameOf(by);
    list.querySelector(`[data-room-id="${CSS.escape(room.roomId)}"]`)?.remove();
    const words = t(room.kind === 'direct' ? 'added_direct' : 'added_room', { name, room: room.name });
    const path = `/rooms/${encodeURIComponent(room.roomId)}`;
    const card = element('div', { class: 'news-card', 'data-room-id': room.roomId });
    const opener = element('a', { class: 'button primary', href: address(path) }, t('added_open'));
    opener.addEventListener('click', () => close(card));
    card.append(
      element('p', {}, words),
      element('div', { class: 'row' },
        opener,
        button(t('close'), () => close(card)),
        button(t('added_leave'), () => leave(card, room, 'DELETE', `/api${path}/members/${page.myId}`)),
        button(t('added_refuse', { name }), () => leave(card, room, 'POST', `/api${path}/members/refuse`))),
    );
    if (list.children.length >= MOST) list.firstElementChild?.remove();
    list.append(card);
    list.hidden = false;
    said.textContent = words;
  }

  /** @param {HTMLElement} card @param {Room} room @param {string} method @param {string} path */
  async function leave(card, room, method, path) {
    card.querySelector('.error')?.remove();
    try {
      await call(method, address(path));
      close(card);
      said.textContent = t('added_left', { room: room.name });
    } catch {
      card.append(element('p', { class: 'error', role: 'alert' }, t('more_failed')));
    }
  }

  connection.on('me', ({ type, gone, roomId, room, by }) => {
    if (type !== 'membership') return;
    const old = /** @type {HTMLElement | null} */ (gone ? list.querySelector(`[data-room-id="${CSS.escape(roomId)}"]`) : null);
    if (old) close(old);
    // On the page of that room a line of its own says it.
    if (!gone && by && by !== page.myId && room.roomId !== page.roomId) tell(room, by);
  });
}

/** @param {string} userId */
async function nameOf(userId) {
  try {
    const person = await call('GET', address(`/api/people/${userId}`));
    return String(person.displayName || person.name);
  } catch {
    return '…';
  }
}

/** @param {string} words @param {() => void} run */
function button(words, run) {
  const made = element('button', { class: 'button quiet', type: 'button' }, words);
  made.addEventListener('click', run);
  return made;
}

/** The line in the room's own page goes once one has taken note of it, or said something. */
export function keepAddedLine() {
  const line = document.getElementById('added');
  line?.addEventListener('done', () => {
    const focused = line.contains(document.activeElement);
    line.remove();
    if (focused) byId('log').focus({ preventScroll: true });
  });
  return {
    spoken() {
      const form = /** @type {HTMLFormElement | null} */ (line?.isConnected ? line.querySelector('form[action$="/noted"]') : null);
      form?.requestSubmit();
    },
  };
}
