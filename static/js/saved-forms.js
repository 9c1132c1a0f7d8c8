/**
 * What is typed into a form is saved until the form is accepted, and restored when the tab shows that
 * form again: after a change of the language, a way over another page, a reload, or a login that has
 * ended. It is saved in the tab's sessionStorage, for one account, and ends with the tab.
 *
 * Not saved: passwords; a search that stands on many pages (forms with `data-unsaved`); what is typed to confirm something (forms with `data-confirming`), except over
 * a login that has ended.
 */
import { page } from './page.js';
import { allKeys } from './storage.js';

const PREFIX = 'maru.form/';
const TYPED_INPUTS = 'input:not([type="hidden"], [type="password"])';

/** @typedef {{ value: string | boolean, from: string | boolean }} SavedInput what it is now, and as the server drew it */

/** @param {HTMLFormElement} form */
function keyOf(form) {
  return `${PREFIX}${page.myId ?? ''}/${form.method}${new URL(form.action).pathname}`;
}

/** @param {HTMLFormElement} form @returns {HTMLInputElement[]} */
function inputs(form) {
  return [...form.querySelectorAll(/** @type {'input'} */ (TYPED_INPUTS))];
}

/** @param {HTMLInputElement} input @returns {SavedInput} */
function stateOf({ type, value, defaultValue, checked, defaultChecked }) {
  return type === 'checkbox' ? { value: checked, from: defaultChecked } : { value, from: defaultValue };
}

/** @param {HTMLFormElement} form */
export function saveForm(form) {
  const states = inputs(form).map((input) => /** @type {const} */ ([input.name, stateOf(input)]));
  const isChanged = states.some(([, state]) => state.value !== state.from);
  const [key, text] = [keyOf(form), JSON.stringify(Object.fromEntries(states))];
  try {
    if (isChanged) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // Where nothing can be stored the form is kept as long as its page.
  }
}

/** The form is accepted. @param {HTMLFormElement} form */
export function deleteSavedForm(form) {
  const key = keyOf(form);
  try {
    sessionStorage.removeItem(key);
  } catch {
    // Storage that cannot be used is empty.
  }
}

/** Restore what was typed into the forms of this page, and save what will be. */
export function saveForms() {
  restoreForms();
  document.addEventListener('input', ({ target }) => {
    const form = target instanceof HTMLInputElement ? target.form : null;
    const { confirming, unsaved } = form?.dataset ?? {};
    if (form && form.method !== 'dialog' && confirming === undefined && unsaved === undefined) saveForm(form);
  });
}

/** How many forms, other than searches, are filled in and not sent. */
export function countSavedForms() {
  return allKeys('sessionStorage').filter((key) => key.startsWith(`${PREFIX}${page.myId}/post`)).length;
}

/** Delete the forms that this tab has saved for these accounts; '' stands for nobody. @param {(account: string) => boolean} whose */
export function deleteSavedForms(whose) {
  for (const key of allKeys('sessionStorage')) {
    const [start, account] = key.split('/');
    if (`${start}/` === PREFIX && whose(account)) sessionStorage.removeItem(key);
  }
}

/** @param {HTMLFormElement} form @returns {Record<string, SavedInput>} */
function read(form) {
  const key = keyOf(form);
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '{}');
  } catch {
    return {};
  }
}

/** Put back what was typed into these forms. @param {ParentNode} [place] */
export function restoreForms(place = document) {
  place.querySelectorAll('form').forEach(restoreForm);
}

/** @param {HTMLFormElement} form */
function restoreForm(form) {
  const saved = read(form);
  for (const input of inputs(form)) {
    const { value, from } = saved[input.name] ?? {};
    // A search shows what the list beside it was searched for.
    if (input.type === 'search' && from !== input.defaultValue) continue;
    if (typeof value === 'boolean') input.checked = value;
    else if (typeof value === 'string') input.value = value;
  }
}
