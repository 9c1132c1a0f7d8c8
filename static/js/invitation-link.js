/**
 * The invitation link of an encrypted room: its fragment holds the key, `/rooms/<roomId>#k=<key>`.
 * Browsers do not send fragments to the server. The key as text is only in this page's memory.
 */
import { copyText } from './clipboard.js';
import { element, icon } from './dom.js';
import { belongsToInputMethod } from './input-method.js';
import { address, t } from './page.js';

const KEY = /#k=([\w-]+)/;
const ROOM = /\/rooms\/([\w-]{1,32})\/?$/;

/** The key in an invite link or its fragment; else ''. @param {string} link */
export function keyIn(link) {
  return KEY.exec(link)?.[1] ?? '';
}

/** The room id in the page's address, also on the page that denies access to the room; else ''. */
export function roomOfAddress() {
  return ROOM.exec(location.pathname)?.[1] ?? '';
}

/** Take the key out of the address, where it would be copied, kept and shown. @returns {string} */
export function takeFromAddress() {
  const key = keyIn(location.hash);
  if (!key) return '';
  const url = location.pathname + location.search;
  // The library behind room-navigation.js keeps the address in the state as well.
  history.replaceState(history.state && { ...history.state, url }, '', url);
  return key;
}

/**
 * On the pages before the room (log in, make an account, language) the key goes on in the addresses
 * that lead further. A redirect without a fragment keeps that of the request.
 */
export function carryThroughDoor() {
  if (!keyIn(location.hash)) return;
  for (const form of document.forms) form.action = withFragment(form.action);
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('main a[href]'))) link.href = withFragment(link.href);
}

/** @param {string} address */
function withFragment(address) {
  const url = new URL(address, location.href);
  if (url.origin === location.origin) url.hash = location.hash;
  return url.href;
}

/** @param {string} roomId @param {string} key */
function linkWith(roomId, key) {
  return `${location.origin}${address(`/rooms/${roomId}`)}#k=${key}`;
}

/** Offer the link in the dialog about the room. @param {HTMLElement} part @param {{ roomId: string, key: string, owns: boolean }} about key: '' once it is gone */
export function offerInvitation(part, { roomId, key, owns }) {
  part.hidden = false;
  const [words, button] = [part.querySelector('.hint'), part.querySelector('button')];
  if (!words || !button) return;
  button.hidden = !key;
  const gone = owns ? 'invite_gone_owner' : 'invite_gone';
  words.textContent = t(key ? 'invite_here' : gone);
  button.onclick = () => copy(button, linkWith(roomId, key));
}

/**
 * Whoever has opened the room is given the link at once: later no page can show it. Until it is copied,
 * the page asks once more before the dialog closes, and before it is left.
 *
 * @param {string} roomId @param {string} key
 */
export function handOver(roomId, key) {
  const link = linkWith(roomId, key);
  const field = element('input', { id: 'new-invite', readonly: true, value: link });
  const button = element('button', { class: 'button primary', type: 'button' }, icon('copy'), element('span', {}, t('invite_copy')));
  const done = element('button', { class: 'button quiet' }, t('invite_kept'));
  const form = element(
    'form',
    { class: 'stack', method: 'dialog' },
    element('h2', { id: 'invite-title' }, t('invite_title')),
    element('p', {}, t('invite_text')),
    element('div', { class: 'field' }, element('label', { for: 'new-invite' }, t('no_key_label')), field),
    element('div', { class: 'row' }, button, done),
  );
  const dialog = /** @type {HTMLDialogElement} */ (element('dialog', { class: 'dialog', 'aria-labelledby': 'invite-title' }, form));
  let sure = false;

  /** @param {Event} event */
  function askOnce(event) {
    if (sure || !leaves(event)) return;
    event.preventDefault();
    sure = true;
    form.lastElementChild?.before(element('p', { class: 'error', role: 'alert' }, t('invite_not_copied')));
    done.textContent = t('invite_without');
    button.focus();
  }

  function keep() {
    sure = true;
    form.querySelector('.error')?.remove();
    done.textContent = t('invite_kept');
    removeEventListener('beforeunload', stay);
  }

  button.addEventListener('click', () => copy(button, link));
  dialog.addEventListener('kept', keep);
  field.addEventListener('copy', keep);
  // A browser may close a dialog by Escape without asking the page; it asks about the key.
  for (const event of ['submit', 'cancel', 'keydown']) dialog.addEventListener(event, askOnce);
  dialog.addEventListener('close', () => {
    if (sure) removeEventListener('beforeunload', stay);
    dialog.remove();
  });
  addEventListener('beforeunload', stay);
  document.body.append(dialog);
  dialog.showModal();
  button.focus();
}

/** @param {Event} event */
const stay = (event) => event.preventDefault();

/** Would it close the dialog? @param {Event} event */
function leaves(event) {
  return !(event instanceof KeyboardEvent) || (event.key === 'Escape' && !belongsToInputMethod(event));
}

/** @param {HTMLElement} button @param {string} link */
async function copy(button, link) {
  removeEventListener('beforeunload', stay);
  button.dispatchEvent(new Event('kept', { bubbles: true }));
  if (await copyText(link)) button.replaceChildren(icon('check'), element('span', { role: 'status' }, t('copied')));
}
