/**
 * What one may do to a message: react, edit, delete. One small toolbar serves all rows.
 *
 * It comes to the row under a mouse that moves, and to the row that the keyboard has reached. A finger
 * covers what it touches: after a tap the toolbar is at the foot of the page, where no message is, so
 * that no tap both opens it and presses something in it.
 */
import { byId, element, icon } from './dom.js';
import { isOwn, reactionTo } from './message-row.js';
import { page, t } from './page.js';
import { full } from './time.js';
import { makeToolbar } from './toolbar.js';

const QUICK = ['👍', '❤️', '😄', '🎉', '🙏', '👀'];

/**
 * @param {object} parts
 * @param {HTMLElement} parts.log
 * @param {(seq: number, emoji: string, on: boolean) => unknown} parts.react
 * @param {(seq: number) => unknown} parts.edit
 * @param {(seq: number) => unknown} parts.erase
 */
export function prepareActions({ log, react, edit, erase }) {
  const confirmation = /** @type {HTMLDialogElement} */ (byId('delete-message'));
  const caption = element('p', { class: 'actions-caption' });
  const reactions = QUICK.map((emoji) => button('react', t('react_with', { emoji }), emoji, emoji));
  const editButton = button('edit', t('edit'), icon('pencil'));
  const deleteButton = button('delete', t('delete'), icon('bin'));
  const bar = element('div', { class: 'actions', role: 'toolbar', 'aria-live': 'off', 'aria-label': t('actions') }, caption, ...reactions, editButton, deleteButton);
  const toolbar = makeToolbar(bar, leave);
  /** Where the pointer went down that is about to click, if it did. @type {Element | null} */
  let pressed = null;
  let pointer = 'mouse';

  /** @param {EventTarget | null} target @returns {HTMLElement | null} a row of a stored message */
  const rowOf = (target) => (target instanceof Element ? target.closest('.message[data-seq]') : null);
  const atFoot = () => bar.classList.contains('at-foot');
  const focusIsSeen = () => bar.querySelector(':focus-visible') !== null;

  /** @param {HTMLElement | null} row @param {boolean} [foot] */
  function offer(row, foot = false) {
    if (!row || (bar.parentElement === row && atFoot() === foot)) return;
    // A mouse that passes does not take the focus along; it stays with the message it was at.
    if (focusIsSeen()) rowOf(bar)?.focus({ preventScroll: true });
    close();
    editButton.hidden = !isOwn(row);
    deleteButton.hidden = !isOwn(row) && !page.mayManage;
    caption.textContent = `${row.dataset.sender} · ${full(Number(row.dataset.at))}`;
    bar.classList.toggle('at-foot', foot);
    row.classList.toggle('chosen', foot);
    row.append(bar);
    toolbar.reset();
  }

  function close() {
    rowOf(bar)?.classList.remove('chosen');
    bar.classList.remove('at-foot');
    bar.remove();
  }

  /** Escape: back to the message. */
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
      // Keys and assistive technology press nothing down; a pointer has to, on the same button.
      if (event.detail > 0 && pressed !== chosen) return;
      act(chosen, row);
      if (atFoot()) close();
    } else if (pointer !== 'mouse' && row && !target.closest('a, button, .actions')) {
      if (bar.parentElement === row && atFoot()) return close();
      // The on-screen keyboard goes with the focus.
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
  }, { capture: true });
  document.addEventListener('focusin', ({ target }) => { if (atFoot() && !rowOf(target)) close(); });
  log.addEventListener('pointermove', ({ target, pointerType }) => { if (pointerType === 'mouse' && !atFoot()) offer(rowOf(target)); });
  log.addEventListener('focusin', ({ target }) => {
    // By keyboard; what a pointer focuses is not offered anything on that account.
    if (!atFoot() && /** @type {Element} */ (target).matches(':focus-visible')) offer(rowOf(target));
  });
  log.addEventListener('keydown', ({ target }) => { if (!bar.contains(/** @type {Node} */ (target))) offer(rowOf(target)); });
  log.addEventListener('click', click);
  // Whoever presses with a mouse goes on where the focus was: in the text, most likely.
  bar.addEventListener('mousedown', (event) => event.preventDefault());
}

/** @param {string} action @param {string} name @param {Node | string} face @param {string} [emoji] */
function button(action, name, face, emoji) {
  return element('button', { type: 'button', 'data-action': action, 'data-emoji': emoji, 'aria-label': name, title: name }, face);
}
