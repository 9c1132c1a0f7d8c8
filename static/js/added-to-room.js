/**
 * Tells on every page that somebody has added one to a room: by whom, with the ways to go there, out again,
 * and out for good. It is read out politely. In a room's page it stands above the conversation, whose end and
 * composer stay where they are; elsewhere at the foot of the page.
 */
import { call } from './api.js';
import { byId, element } from './dom.js';
import { Failed, ifFailed } from './errors.js';
import { returnFocus } from './focus.js';
import { address, page, t } from './page.js';

/** @typedef {{ roomId: string, name: string, kind: string }} Room */

/** So many stand there at once. */
const MAX_CARDS = 3;

/** @param {ReturnType<typeof import('./connection.js').createConnection>} connection */
export function showAdditions(connection) {
  const said = element('p', { class: 'visually-hidden', role: 'status' });
  const list = element('div', { class: 'additions', role: 'region', 'aria-label': t('added_title'), hidden: true });
  /** What had the focus before a card. @type {EventTarget | null} */
  let before = null;
  list.addEventListener('focusin', ({ relatedTarget }) => {
    if (!list.contains(/** @type {Node | null} */ (relatedTarget))) before = relatedTarget;
  });
  document.body.append(said);
  place();

  /** Another room's conversation may have come. */
  function place() {
    const head = document.querySelector('.conversation-head');
    if (head) head.after(list);
    else byId('notes').prepend(list);
  }

  /** @param {Element} card */
  function close(card) {
    const focused = card.contains(document.activeElement);
    const next = /** @type {HTMLElement | null} */ (card.nextElementSibling ?? card.previousElementSibling);
    card.remove();
    list.hidden = !list.children.length;
    if (!focused) return;
    if (next) /** @type {HTMLElement} */ (next.querySelector('a')).focus();
    else returnFocus(before);
  }

  /** @param {string} name @param {string} value */
  const cardsWith = (name, value) => [...list.children].filter((card) => /** @type {HTMLElement} */ (card).dataset[name] === value);

  /** @param {Room} room @param {string} by */
  async function tell(room, by) {
    const name = await nameOf(by);
    // One may have gone there meanwhile.
    if (room.roomId === page.roomId) return;
    cardsWith('roomId', room.roomId).forEach(close);
    const words = t(room.kind === 'direct' ? 'added_direct' : 'added_room', { name, room: room.name });
    const path = `/rooms/${encodeURIComponent(room.roomId)}`;
    const card = element('div', { class: 'addition', 'data-room-id': room.roomId, 'data-by': by });
    const opener = element('a', { class: 'button primary', href: address(path) }, t('added_open'));
    opener.addEventListener('click', () => close(card));
    card.append(
      element('p', {}, words),
      element('div', { class: 'row' },
        opener,
        button(t('close'), () => close(card)),
        button(t('added_leave'), async () => { if (await leave(card, room, 'DELETE', `/api${path}/members/${page.myId}`)) close(card); }),
        button(t('added_refuse', { name }), async () => {
          if (await leave(card, room, 'POST', `/api${path}/members/refuse`)) cardsWith('by', by).forEach(close);
        })),
    );
    if (list.children.length >= MAX_CARDS) close(list.children[0]);
    list.append(card);
    list.hidden = false;
    said.textContent = words;
  }

  /** @param {HTMLElement} card @param {Room} room @param {string} method @param {string} path @returns {Promise<boolean>} */
  async function leave(card, room, method, path) {
    card.querySelector('.error')?.remove();
    try {
      await call(method, address(path));
      said.textContent = t('added_left', { room: room.name });
      return true;
    } catch (problem) {
      card.append(element('p', { class: 'error', role: 'alert' }, t('more_failed')));
      if (!(problem instanceof Failed)) throw problem;
      return false;
    }
  }

  connection.on('me', ({ type, gone, roomId, room, by }) => {
    if (type !== 'membership') return;
    if (gone) cardsWith('roomId', roomId).forEach(close);
    // On the page of that room a line of its own says it.
    if (!gone && by && by !== page.myId && room.roomId !== page.roomId) tell(room, by);
  });

  return {
    /** The page shows another room, where a line of its own says it. */
    settle() {
      cardsWith('roomId', String(page.roomId)).forEach(close);
      place();
    },
  };
}

/** @param {string} userId */
async function nameOf(userId) {
  const person = await call('GET', address(`/api/people/${userId}`)).catch(ifFailed({ name: '…' }));
  return String(person.displayName || person.name);
}

/** @param {string} words @param {() => void} run */
function button(words, run) {
  const made = element('button', { class: 'button quiet', type: 'button' }, words);
  made.addEventListener('click', run);
  return made;
}

/** The line in the room's own page goes once one has taken note of it, or said something. */
export function prepareAddedLine() {
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
