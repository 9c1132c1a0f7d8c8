/**
 * Input methods (for Hangul and many other scripts) use some keys while a syllable is being composed:
 * Enter ends it, Escape cancels it. The page must ignore such keys.
 */

/** The keyCode of a key that an input method has used. Safari sends it after the composition's end. */
const USED_KEY_CODE = 229;

/** @param {KeyboardEvent} event */
export function belongsToInputMethod({ isComposing, keyCode }) {
  return isComposing || keyCode === USED_KEY_CODE;
}

/** Keep dialogs open when Escape cancels a composition in them. */
export function guardDialogs() {
  let composing = false;
  document.addEventListener('compositionstart', () => { composing = true; });
  // Some browsers end the composition first and then send the Escape that ended it.
  document.addEventListener('compositionend', () => setTimeout(() => { composing = false; }));
  document.addEventListener('cancel', (event) => { if (composing) event.preventDefault(); }, true);
}
