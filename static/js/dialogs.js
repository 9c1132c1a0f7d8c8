/** Links to a dialog (they work without script by :target) open it as a modal one. */
export function prepareDialogs() {
  document.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    const opener = /** @type {HTMLElement | null} */ (target.closest('[data-open-dialog]'));
    const dialog = /** @type {HTMLDialogElement | null} */ (target.closest('dialog'));
    if (opener) {
      event.preventDefault();
      dialog?.close();
      /** @type {HTMLDialogElement} */ (document.getElementById(String(opener.dataset.openDialog))).showModal();
    } else if (dialog && target.closest('[data-close-dialog]')) {
      event.preventDefault();
      dialog.close();
    } else if (dialog && target === dialog && outside(dialog, event)) {
      // As by Escape: a part that has to ask first gets the event.
      if (dialog.dispatchEvent(new Event('cancel', { cancelable: true }))) dialog.close();
    }
  });
}

/** On the backdrop, not on the padding. @param {HTMLElement} dialog @param {MouseEvent} event */
function outside(dialog, { clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
