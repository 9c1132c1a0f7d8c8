/** Where the focus goes when what had it is gone: to where it was before, or to what the page is about. */

/** @param {EventTarget | null} [before] what had the focus earlier */
export function returnFocus(before) {
  if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus({ preventScroll: true });
  if (document.activeElement !== document.body && document.activeElement?.isConnected) return;
  const field = /** @type {HTMLTextAreaElement | null} */ (document.getElementById('composer-text'));
  // On a touch screen that would open the keyboard.
  if (field && matchMedia('(pointer: fine)').matches) field.focus({ preventScroll: true });
  if (field && document.activeElement === field) return;
  const heading = /** @type {HTMLElement | null} */ (document.querySelector('main h1'));
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
}
