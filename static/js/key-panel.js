/** Notes and panels about the key of an encrypted room. */
import { showBlockingPanel } from './blocking-panel.js';
import { element } from './dom.js';
import { keyIn } from './invitation-link.js';
import { t } from './page.js';

/** @typedef {{ label: string, run: () => void }} Choice */

/**
 * Show a note above the conversation, which can still be used.
 *
 * @param {HTMLElement} over @param {string} about the name of the sentence @param {() => void} onChoose
 */
export function showNote(over, about, onChoose) {
  hideNote(over);
  const close = button({ label: t('close'), run: () => hideNote(over) });
  const choose = button({ label: t('key_choose'), run: onChoose });
  over.prepend(element('div', { class: 'key-note', role: 'status', 'data-about': about }, element('span', {}, t(about)), choose, close));
}

/** @param {HTMLElement} over @param {string} [about] only if it says this */
export function hideNote(over, about) {
  const note = over.querySelector('.key-note');
  if (!about || note?.getAttribute('data-about') === about) note?.remove();
}

/**
 * @param {HTMLElement} over
 * @param {boolean} hasKey
 * @param {(text: string) => Promise<boolean>} use is it a key at all?
 * @param {Choice[]} choices besides pasting a link
 */
export function askForKey(over, hasKey, use, choices) {
  const input = /** @type {HTMLInputElement} */ (element('input', { id: 'key', autocomplete: 'off', spellcheck: 'false', required: true }));
  const wrong = element('p', { class: 'error', role: 'alert', hidden: true }, t('no_key_wrong'));
  const row = element('div', { class: 'row' }, input, element('button', { class: 'button primary' }, t('no_key_open')));
  const form = element('form', { class: 'field' }, element('label', { for: 'key' }, t('no_key_label')), row, wrong);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    wrong.hidden = await use(keyIn(text) || text);
  });
  const words = hasKey ? { title: t('key_choose_title'), text: t('key_choose_text') } : { title: t('no_key_title'), text: t('no_key_text') };
  showBlockingPanel(over, words, form, ...choices.map(button));
}

/**
 * Another key shuts out whoever has the one of until now.
 *
 * @param {HTMLElement} over @param {() => void} make @param {() => void} stay
 */
export function askForNewKey(over, make, stay) {
  const choices = [{ label: t('key_make_not'), run: stay }, { label: t('key_make'), run: make }];
  showBlockingPanel(over, { title: t('key_make_title'), text: t('key_make_text') }, ...choices.map(button));
}

/** @param {Choice} choice */
function button({ label, run }) {
  const made = element('button', { class: 'button quiet', type: 'button' }, label);
  made.addEventListener('click', run);
  return made;
}
