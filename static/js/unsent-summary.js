/**
 * The line "3 waiting to be sent", on every page while the outbox has items. Its dialog lists them by
 * room, with buttons to decide about them.
 */
import { open } from './cipher.js';
import { element } from './dom.js';
import { heldKey } from './key-store.js';
import * as outbox from './outbox.js';
import { address, figure, page, t } from './page.js';

/** An item that is sent sooner is not counted here. */
const SHOW_AFTER_MS = 1500;
/** @typedef {import('./outbox.js').Item} Item */

const line = element('div', { class: 'unsent-summary', role: 'status' });

/** Put the line there: the place where it was may be gone. @param {HTMLElement} place */
export function placeUnsentSummary(place) {
  place.prepend(line);
}

export function showUnsentSummary() {
  const button = element('button', { type: 'button', 'aria-haspopup': 'dialog' });
  const list = element('div', { class: 'unsent-rooms' });
  const close = element('button', { class: 'button' }, t('close'));
  const dialog = /** @type {HTMLDialogElement} */ (element(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'unsent-title' },
    element('h2', { id: 'unsent-title', tabindex: -1 }, t('waiting_title')),
    list,
    element('form', { class: 'row', method: 'dialog' }, close),
  ));
  let timer = 0;
  let drawn = '';

  function show() {
    clearTimeout(timer);
    const all = outbox.items();
    const told = all.filter(({ reason, at }) => reason || Date.now() - at >= SHOW_AFTER_MS);
    if (told.length < all.length) timer = setTimeout(show, SHOW_AFTER_MS);
    const failed = told.filter(({ reason }) => reason).length;
    line.classList.toggle('failed', failed > 0);
    button.textContent = [counted('not_sent', failed), counted('waiting', told.length - failed)].filter(Boolean).join(' · ');
    if (told.length) line.append(button);
    else button.remove();
    const now = JSON.stringify(all);
    if (dialog.open && now !== drawn) draw(all);
    drawn = now;
  }

  /** @param {Item[]} all */
  function draw(all) {
    const focused = document.activeElement?.getAttribute('data-decision');
    const rooms = [...new Set(all.map(({ roomId }) => roomId))];
    list.replaceChildren(...rooms.map((roomId) => roomPart(all.filter((item) => item.roomId === roomId))));
    if (!all.length) dialog.close();
    else if (focused) /** @type {HTMLElement} */ (list.querySelector(`[data-decision="${focused}"]`) ?? close).focus();
  }

  button.addEventListener('click', () => {
    draw(outbox.items());
    dialog.showModal();
  });
  // Nothing waits any more: the button that had the focus before is gone.
  dialog.addEventListener('close', () => { if (!button.isConnected) focusPage(); });
  // The page may stay, while one goes to the room.
  list.addEventListener('click', ({ target }) => { if (/** @type {Element} */ (target).closest('a')) dialog.close(); });
  document.body.append(dialog);
  outbox.watch(show);
}

function focusPage() {
  const heading = document.querySelector('main h1');
  heading?.setAttribute('tabindex', '-1');
  /** @type {HTMLElement | null} */ (heading)?.focus();
}

/** @param {string} key @param {number} count */
function counted(key, count) {
  return count && t(count === 1 ? `${key}_one` : `${key}_many`, { count: figure(count) });
}

/** @param {Item[]} items of one room */
function roomPart(items) {
  const [{ roomId, roomName }] = items;
  const link = element('a', { href: address(`/rooms/${encodeURIComponent(roomId)}`) }, element('bdi', {}, roomName || t('to_room')));
  return element('section', { class: 'dialog-part' }, element('h3', {}, link), element('ul', {}, ...items.map(entryItem)));
}

/** @param {Item} item */
function entryItem(item) {
  const words = item.sealed ? t('sealed') : item.text ?? '';
  const said = element('p', { class: 'unsent-words', dir: 'auto' });
  const what = {
    message: words,
    edit: t('waiting_edit_of', { words }),
    delete: t('waiting_delete'),
    react: t('waiting_react', { emoji: item.emoji ?? '' }),
  }[item.kind];
  said.append(what);
  if (item.sealed) unseal(item).then((text) => { said.textContent = text; });
  const state = element('p', { class: 'message-state' }, item.reason ? reasonOf(item) : t('waiting_state'));
  if (item.reason && !['gone', 'room_gone'].includes(item.reason)) state.append(decision('retry', () => outbox.retry(item)));
  state.append(decision('discard', () => outbox.drop(item)));
  return element('li', { class: `unsent-item${item.reason ? ' failed' : ''}` }, said, state);
}

/** What is waiting for an encrypted room, to those who have its key here. @param {Item} item @returns {Promise<string>} */
async function unseal({ kind, roomId, sender = String(page.me), clientId, ref, text = '' }) {
  const held = await heldKey(roomId);
  if (!held) return t('sealed');
  const binding = { roomId, senderId: String(page.myId), sender, type: kind === 'edit' ? 'EDIT' : 'TALK', clientId, ref };
  // It may have been sealed before another key came into use.
  const opened = await Promise.all([held, ...(held.beside ?? [])].map(({ key }) => open(key, binding, text)));
  return opened.find(Boolean)?.text ?? t('sealed');
}

/** @param {string} key @param {() => void} run */
function decision(key, run) {
  const button = element('button', { type: 'button', 'data-decision': key }, t(key));
  button.addEventListener('click', run);
  return button;
}

/** Why it failed, in words. @param {Item} item */
export function reasonOf({ kind, reason = '' }) {
  if (['too_long', 'forbidden', 'not_found', 'invalid', 'maybe', 'room_gone'].includes(reason)) {
    return t(kind === 'message' || reason === 'maybe' || reason === 'room_gone' ? `failed_${reason}` : `undone_${reason}`);
  }
  // What a page from before kept has its reason in words.
  return reason === 'gone' ? t('undone_gone') : reason;
}
