/**
 * The line "3 waiting to be sent", on every page while the outbox has entries. Its dialog lists them by
 * room, with buttons to decide about them.
 */
import { open } from './cipher.js';
import { element } from './dom.js';
import { heldKey } from './key-store.js';
import * as outbox from './outbox.js';
import { address, figure, page, t } from './page.js';

/** An entry that is sent sooner is not counted here. */
const SHOW_AFTER_MS = 1500;
/** @typedef {import('./outbox.js').Entry} Entry */

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
    const all = outbox.entries();
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

  /** @param {Entry[]} all */
  function draw(all) {
    const focused = document.activeElement?.getAttribute('data-decision');
    const rooms = [...new Set(all.map(({ roomId }) => roomId))];
    list.replaceChildren(...rooms.map((roomId) => roomPart(all.filter((entry) => entry.roomId === roomId))));
    if (!all.length) dialog.close();
    else if (focused) /** @type {HTMLElement} */ (list.querySelector(`[data-decision="${focused}"]`) ?? close).focus();
  }

  button.addEventListener('click', () => {
    draw(outbox.entries());
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

/** @param {Entry[]} entries of one room */
function roomPart(entries) {
  const [{ roomId, roomName }] = entries;
  const link = element('a', { href: address(`/rooms/${encodeURIComponent(roomId)}`) }, element('bdi', {}, roomName || t('to_room')));
  return element('section', { class: 'dialog-part' }, element('h3', {}, link), element('ul', {}, ...entries.map(entryItem)));
}

/** @param {Entry} entry */
function entryItem(entry) {
  const words = entry.sealed ? t('sealed') : entry.text ?? '';
  const said = element('p', { class: 'unsent-words', dir: 'auto' });
  const what = {
    message: words,
    edit: t('waiting_edit_of', { words }),
    delete: t('waiting_delete'),
    react: t('waiting_react', { emoji: entry.emoji ?? '' }),
  }[entry.kind];
  said.append(what);
  if (entry.sealed) unseal(entry).then((text) => { said.textContent = text; });
  const state = element('p', { class: 'message-state' }, entry.reason ? reasonOf(entry) : t('waiting_state'));
  if (entry.reason && !['gone', 'room_gone'].includes(entry.reason)) state.append(decision('retry', () => outbox.retry(entry)));
  state.append(decision('discard', () => outbox.drop(entry)));
  return element('li', { class: `unsent-entry${entry.reason ? ' failed' : ''}` }, said, state);
}

/** What is waiting for an encrypted room, to those who have its key here. @param {Entry} entry @returns {Promise<string>} */
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

/** Why it failed, in words. @param {Entry} entry */
export function reasonOf({ kind, reason = '' }) {
  if (['too_long', 'forbidden', 'not_found', 'invalid', 'maybe', 'room_gone'].includes(reason)) {
    return t(kind === 'message' || reason === 'maybe' || reason === 'room_gone' ? `failed_${reason}` : `undone_${reason}`);
  }
  // What a page from before kept has its reason in words.
  return reason === 'gone' ? t('undone_gone') : reason;
}
