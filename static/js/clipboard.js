/** Copies texts, as far as the browser lets a page do so. */
import { t } from './page.js';

/** @param {string} text @returns {Promise<boolean>} whether it is copied; else it was shown, to be copied by hand */
export async function copyText(text) {
  // Browsers have no clipboard on plain http, localhost apart, and may refuse it.
  const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  if (!copied) prompt(t('copy_by_hand'), text);
  return Boolean(copied);
}
