/**
 * What one may do to a message: react, edit, delete. One small toolbar serves all rows; it moves to
 * the row under the pointer or the focus. Up and Down go from row to row.
 */
import { byId, element, icon } from './dom.js';
import { isOwn, reactionTo } from './message-row.js';
import { page, t } from './page.js';

const QUICK = ['👍', '❤️', '😄', '🎉', '🙏', '👀'];

/**
 * @param {object} parts
 * @param {HTMLElement} parts.log
 * @param {(seq: number, emoji: string, on: boolean) => Promise<void>} parts.react
 * @param {(seq: number) => void} parts.edit
 * @param {(seq: number) => Promise<void>} parts.erase
 */
export function prepareActions({ log, react, edit, erase }) {
  const confirmation = /** @type {HTMLDialogElement} */ (byId('delete-message'));
  const reactions = QUICK.map((emoji) => button('react', t('react_with', { emoji }), emoji, emoji));
  const editButton = button('edit', t('edit'), icon('pencil'));
  const deleteButton = button('delete', t('delete'), icon('bin'));
  const toolbar = element('div', { class: 'actions', role: 'toolbar', 'aria-live': 'off', 'aria-label': t('actions') }, ...reactions, editButton, deleteButton);

  /** @param {EventTarget | null} target @returns {HTMLElement | null} a row of a stored message */
  const rowOf = (target) => (target instanceof Element ? target.closest('.message[data-seq]') : null);

  /** @param {Event} event */
  function offer({ target }) {
    const row = rowOf(target);
    if (!row || toolbar.parentElement === row) return;
    // Somebody who has the focus in the toolbar is not robbed of it by a passing pointer.
    if (toolbar.contains(document.activeElement) && !row.contains(document.activeElement)) return;
    editButton.hidden = !isOwn(row);
    deleteButton.hidden = !isOwn(row) && !page.mayManage;
    row.append(toolbar);
  }

  /** @param {MouseEvent} event */
  function act({ target }) {
    const pressed = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest('.actions button, .reaction'));
    const row = rowOf(pressed);
    if (!pressed || !row) return;
    const seq = Number(row.dataset.seq);
    const { action, emoji } = pressed.dataset;
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

  /** @param {KeyboardEvent} event */
  function walk(event) {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    const rows = /** @type {HTMLElement[]} */ ([...log.querySelectorAll('.message')]);
    const row = /** @type {Element} */ (event.target).closest('.message');
    const at = row ? rows.indexOf(/** @type {HTMLElement} */ (row)) : rows.length;
    const next = rows[at + (event.key === 'ArrowUp' ? -1 : 1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  log.addEventListener('pointerover', offer);
  log.addEventListener('focusin', offer);
  log.addEventListener('click', act);
  log.addEventListener('keydown', walk);
}

/** @param {string} action @param {string} name @param {Node | string} face @param {string} [emoji] */
function button(action, name, face, emoji) {
  return element('button', { type: 'button', 'data-action': action, 'data-emoji': emoji, 'aria-label': name, title: name }, face);
}
