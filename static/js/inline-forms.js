/**
 * Forms that are sent without leaving the page: the input stays until it is accepted, and errors and
 * success are shown at the form. Without script they are plain forms.
 *
 * Attributes of a form with `data-inline`: `data-confirm` is the id of a dialog that asks first, about
 * whom `data-about` names;
 * `data-done` the sentence for success, with {name} for the name in the server's answer; `data-told` the
 * id of the element that shows it (default: below the form); `data-then` the address to go to (or
 * `then` in the answer); `data-clear` empties the form. After success the form gets a `done` event with the answer.
 */
import { element } from './dom.js';
import { Failed } from './errors.js';
import { httpRequest, jsonOf } from './http.js';
import { t } from './page.js';
import { navigate, reload } from './page-navigation.js';
import { deleteSavedForm, saveForm } from './saved-forms.js';

export function prepareInlineForms() {
  // In the capture phase, before every.js, which blocks forms that are sent twice.
  document.addEventListener('submit', (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.inline === undefined) return;
    event.preventDefault();
    if (form.getAttribute('aria-busy')) return;
    if (form.dataset.confirm) ask(form, form.dataset.confirm);
    else send(form);
  }, { capture: true });
  addEventListener('pageshow', (event) => {
    if (event.persisted) document.querySelectorAll('form[aria-busy]').forEach((form) => form.removeAttribute('aria-busy'));
  });
  // What was said in it is not true for ever.
  document.addEventListener('close', (event) => clearAll(event.target), { capture: true });
}

/** @param {HTMLFormElement} form @param {string} question id of a dialog whose value is `yes` or empty */
function ask(form, question) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(question));
  dialog.returnValue = '';
  for (const name of dialog.querySelectorAll('[data-asked]')) name.textContent = form.dataset.about ?? '';
  dialog.showModal();
  dialog.onclose = () => { if (dialog.returnValue === 'yes') send(form); };
}

/** @param {HTMLFormElement} form */
async function send(form) {
  form.setAttribute('aria-busy', 'true');
  let stays = true;
  clear(form);
  document.querySelectorAll('dialog[open]').forEach(hush);
  try {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    const answer = await httpRequest(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } });
    // The login has ended meanwhile: the page itself leads to the door and back.
    if (answer.redirected) {
      saveForm(form);
      return reload();
    }
    const said = await jsonOf(answer);
    if (answer.ok) stays = !succeed(form, said);
    else refuse(form, reasonOf(answer, said));
  } catch (problem) {
    refuse(form, t(navigator.onLine ? 'sent_nowhere' : 'form_offline'));
    if (!(problem instanceof Failed)) throw problem;
  } finally {
    // A form that leads on is not sent twice meanwhile.
    if (stays) form.removeAttribute('aria-busy');
  }
}

/**
 * Why it was refused, in the language of the page. What refuses a form before the app sees it does not
 * know that language, and names none.
 *
 * @param {Response} answer @param {{ error: { message: string } }} said
 */
function reasonOf(answer, said) {
  if (answer.headers.has('Content-Language')) return said.error.message;
  return t({ 413: 'form_too_long', 429: 'form_too_many', 503: 'form_busy' }[answer.status] ?? 'sent_nowhere');
}

/** @param {HTMLFormElement} form */
function fieldOf(form) {
  return /** @type {HTMLInputElement | null} */ (form.querySelector('.field input'));
}

/** @param {HTMLFormElement} form */
function clear(form) {
  const input = fieldOf(form);
  input?.removeAttribute('aria-invalid');
  input?.removeAttribute('aria-describedby');
  form.querySelector('.error')?.remove();
  const told = placeOf(form);
  if (told) told.textContent = '';
}

/** What was done before is not news any more. @param {Element | null} dialog */
function hush(dialog) {
  for (const told of dialog?.querySelectorAll('.done') ?? []) told.textContent = '';
}

/** @param {EventTarget | null} dialog */
function clearAll(dialog) {
  if (!(dialog instanceof HTMLDialogElement)) return;
  hush(dialog);
  dialog.querySelectorAll('form[data-inline]').forEach((form) => clear(/** @type {HTMLFormElement} */ (form)));
}

/** @param {HTMLFormElement} form @returns {HTMLElement | null} */
function placeOf(form) {
  return form.dataset.told ? document.getElementById(form.dataset.told) : form.querySelector('.done');
}

/** @param {HTMLFormElement} form @param {string} words */
function refuse(form, words) {
  const input = fieldOf(form);
  const id = input ? `${input.id}-error` : undefined;
  (input?.closest('.field') ?? form).append(element('p', { class: 'error', role: 'alert', id }, words));
  input?.setAttribute('aria-invalid', 'true');
  input?.setAttribute('aria-describedby', String(id));
  input?.focus();
}

/** @param {HTMLFormElement} form @param {{ name?: string, then?: string }} answer @returns {boolean} does it lead on? */
function succeed(form, answer) {
  deleteSavedForm(form);
  const then = answer.then ?? form.dataset.then;
  if (then) {
    navigate(then);
    return true;
  }
  let told = placeOf(form);
  if (!told) {
    // In place before the words: only what changes is read out.
    told = element('p', { class: 'done', role: 'status' });
    form.append(told);
  }
  told.textContent = (form.dataset.done ?? '').replace('{name}', answer.name ?? '');
  if (form.dataset.clear !== undefined) form.reset();
  form.dispatchEvent(new CustomEvent('done', { bubbles: true, detail: answer }));
  return false;
}
