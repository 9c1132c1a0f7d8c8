/**
 * The toolbar of a message: react, mark as unread from there, copy a link to it, edit, delete. One toolbar is
 * moved between all rows.
 *
 * It is shown in the row under the mouse, or in the row with the keyboard focus. After a tap it is
 * shown at the foot of the page, where no message is: so one tap cannot both open it and press a
 * button that appears under the finger.
 */
import { copyText } from './clipboard.js';
import { byId, element, icon } from './dom.js';
import { onRenamed } from './known-people.js';
import { isOwn, reactionTo, shownSender } from './message-row.js';
import { mayModerate } from './own-role.js';
import { address, page, t } from './page.js';
import { full } from './time.js';
import { makeToolbar } from './toolbar.js';

const QUICK = ['👍', '❤️', '😄', '🎉', '🙏', '👀'];

/**
 * @param {object} parts
 * @param {HTMLElement} parts.log
 * @param {(seq: number, emoji: string, on: boolean) => unknown} parts.react
 * @param {(seq: number) => unknown} parts.edit
 * @param {(seq: number) => unknown} parts.unreadFrom
 * @param {(seq: number) => unknown} parts.erase
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function prepareMessageActions({ log, react, edit, unreadFrom, erase, signal }) {
  const confirmation = /** @type {HTMLDialogElement} */ (byId('delete-message'));
  const caption = element('p', { class: 'actions-caption' });
  const reactions = QUICK.map((emoji) => button('react', t('react_with', { emoji }), emoji, emoji));
  // What every message has comes first, so that it stands in the same place; what cannot be undone, last.
  const linkButton = button('link', t('copy_link'), icon('link'));
  const editButton = button('edit', t('edit'), icon('pencil'));
  const deleteButton = button('delete', t('delete'), icon('bin'));
  const unreadButton = button('unread', t('unread_from_here'), icon('flag'));
  const bar = element('div', { class: 'actions', role: 'toolbar', 'aria-live': 'off', 'aria-label': t('actions') }, caption, ...reactions, unreadButton, linkButton, editButton, deleteButton);
  const toolbar = makeToolbar(bar, leave);
  /** The button on which the pointer was pressed down, if any. @type {Element | null} */
  let pressed = null;
  let pointer = 'mouse';

  /** @param {EventTarget | null} target @returns {HTMLElement | null} a row of a stored message */
  const rowOf = (target) => (target instanceof Element ? target.closest('.message[data-seq]') : null);
  const atFoot = () => bar.classList.contains('at-foot');
  const focusIsSeen = () => bar.querySelector(':focus-visible') !== null;

  /** @param {HTMLElement | null} row @param {boolean} [foot] */
  function offer(row, foot = false) {
    if (!row || (bar.parentElement === row && atFoot() === foot) || document.body.classList.contains('read-only')) return;
    // If the focus is in the toolbar, it stays in the old row when the mouse moves to another.
    if (focusIsSeen()) rowOf(bar)?.focus({ preventScroll: true });
    close();
    editButton.hidden = !isOwn(row);
    linkButton.replaceChildren(icon('link'));
    deleteButton.hidden = !isOwn(row) && !mayModerate();
    writeCaption(row);
    bar.classList.toggle('at-foot', foot);
    row.classList.toggle('chosen', foot);
    row.append(bar);
    toolbar.reset();
  }

  /** @param {HTMLElement} row */
  function writeCaption(row) {
    caption.textContent = `${shownSender(row)} · ${full(Number(row.dataset.at))}`;
  }

  function close() {
    rowOf(bar)?.classList.remove('chosen');
    bar.classList.remove('at-foot');
    bar.remove();
  }

  /** On Escape: move the focus from the toolbar to its message. */
  function leave() {
    const row = rowOf(bar);
    if (atFoot()) close();
    row?.focus({ preventScroll: true });
  }

  /** @param {MouseEvent} event */
  function click(event) {
    const target = /** @type {Element} */ (event.target);
    const chosen = /** @type {HTMLElement | null} */ (target.closest('.actions button, .reaction'));
    const row = rowOf(target);
    if (chosen && row) {
      // A click by pointer counts only if it was pressed down on the same button. Clicks by keyboard
      // and assistive technology have detail 0.
      if (event.detail > 0 && pressed !== chosen) return;
      act(chosen, row);
      // A link that was copied has its button say so.
      if (atFoot() && chosen !== linkButton) close();
    } else if (pointer !== 'mouse' && row && !target.closest('a, button, .actions')) {
      if (bar.parentElement === row && atFoot()) return close();
      // Moving the focus closes the on-screen keyboard.
      row.focus({ preventScroll: true });
      offer(row, true);
    }
  }

  /** @param {HTMLElement} chosen @param {HTMLElement} row */
  function act({ dataset: { action, emoji } }, row) {
    const seq = Number(row.dataset.seq);
    if (emoji) react(seq, emoji, reactionTo(row, emoji)?.getAttribute('aria-pressed') !== 'true');
    if (action === 'edit') edit(seq);
    if (action === 'delete') confirmDelete(seq);
    if (action === 'link') copyLink(seq);
    if (action === 'unread') unreadFrom(seq);
  }

  /** @param {number} seq */
  async function copyLink(seq) {
    const link = `${location.origin}${address(`/rooms/${page.roomId}`)}?at=${seq}`;
    if (!await copyText(link)) return;
    linkButton.replaceChildren(icon('check'));
    byId('arrival').textContent = t('copied');
  }

  /** @param {number} seq */
  function confirmDelete(seq) {
    confirmation.returnValue = '';
    confirmation.showModal();
    confirmation.onclose = () => { if (confirmation.returnValue === 'delete') erase(seq); };
  }

  document.addEventListener('pointerdown', (event) => {
    const target = /** @type {Element} */ (event.target);
    pointer = event.pointerType;
    pressed = target.closest('.actions button, .reaction');
    if (atFoot() && !rowOf(target)) close();
  }, { capture: true, signal });
  document.addEventListener('focusin', ({ target }) => { if (atFoot() && !rowOf(target)) close(); }, { signal });
  log.addEventListener('pointermove', ({ target, pointerType }) => { if (pointerType === 'mouse' && !atFoot()) offer(rowOf(target)); });
  log.addEventListener('focusin', ({ target }) => {
    // Only for focus by keyboard, not for focus by pointer.
    if (!atFoot() && /** @type {Element} */ (target).matches(':focus-visible')) offer(rowOf(target));
  });
  log.addEventListener('keydown', ({ target }) => { if (!bar.contains(/** @type {Node} */ (target))) offer(rowOf(target)); });
  log.addEventListener('click', click);
  onRenamed(() => {
    const row = rowOf(bar);
    if (row) writeCaption(row);
  }, signal);
  // Pressing a button with the mouse leaves the focus where it was, usually in the composer.
  bar.addEventListener('mousedown', (event) => event.preventDefault());
}

/** @param {string} action @param {string} name @param {Node | string} face @param {string} [emoji] */
function button(action, name, face, emoji) {
  return element('button', { type: 'button', 'data-action': action, 'data-emoji': emoji, 'aria-label': name, title: name }, face);
}
