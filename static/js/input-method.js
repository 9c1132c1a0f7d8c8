/**
 * Input methods (Hangul and many others) take keys for themselves while a syllable is open: Enter ends
 * it, Escape takes it back. Such a key is never ours.
 */

/** What browsers call a key that an input method has taken. Safari ends the composition before it. */
const TAKEN = 229;

/** @param {KeyboardEvent} event */
export function belongsToInputMethod({ isComposing, keyCode }) {
  return isComposing || keyCode === TAKEN;
}

/** Dialogs close on Escape by themselves: not while something is composed in them. */
export function guardDialogs() {
  let composing = false;
  document.addEventListener('compositionstart', () => { composing = true; });
  // Some browsers end the composition first and then send the Escape that ended it.
  document.addEventListener('compositionend', () => setTimeout(() => { composing = false; }));
  document.addEventListener('cancel', (event) => { if (composing) event.preventDefault(); }, true);
}
