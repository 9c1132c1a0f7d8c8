/**
 * What each account has stored in this browser: no other account sees it, and it is deleted when the account
 * logs out. When only the login has ended and another account comes, drafts and unsent messages of the first stay
 * (account-data-expiry.js says how long); its keys are deleted. Pages of this site in other tabs are told.
 */
import { deleteExpired, noteUse } from './account-data-expiry.js';
import { element } from './dom.js';
import { ifFailed } from './errors.js';
import { httpRequest } from './http.js';
import { countKeys, carryKeysOver, forgetMyKeys, forgetOthersKeys } from './key-store.js';
import * as outbox from './outbox.js';
import { address, figure, page, t } from './page.js';
import { navigate, reload } from './page-navigation.js';
import { countSavedForms, deleteSavedForms } from './saved-forms.js';
import { allKeys, forgetMine, paths } from './storage.js';
import { stayHere } from './token.js';

const OLDER_DRAFT = 'maru.draft.';
const READ = 'maru.read.';
const HERE = 'maru.account';
/** Whose keys alone are in this browser: noted once those of others are gone, so that a page that is left early leaves it to the next. */
const KEYS_OF = 'maru.keys-of';
const tabs = new BroadcastChannel(HERE);
/** @type {Promise<void> | null} */
let coming = null;

/** This account is logged in now: pages of others in other tabs, and their keys, go. Once a page. */
export function startAccount() {
  coming ??= settle();
  return coming;
}

/** Nobody is logged in: what this tab keeps for an account that has logged out in another tab goes. */
export function startLoggedOut() {
  tabs.addEventListener('message', ({ data }) => { if (data.out) deleteSavedForms((account) => account === data.out); });
  if (localStorage.getItem(HERE) === null) deleteSavedForms(Boolean);
  deleteExpired();
}

async function settle() {
  tabs.postMessage({ here: page.myId });
  // The name that was typed to log in is not needed any more.
  deleteSavedForms((account) => !account);
  noteUse(String(page.myId));
  deleteExpired();
  tabs.addEventListener('message', ({ data }) => {
    if (data.out === page.myId) navigate(address('/login'));
    else if (data.here && data.here !== page.myId) reload();
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted && localStorage.getItem(HERE) !== page.myId) reload();
  });
  localStorage.setItem(HERE, String(page.myId));
  // Who has read a room here tells whose its key from before is. Where keys cannot be read, nothing is carried over.
  await carryKeysOver().catch(() => {});
  forgetOlder([READ], (owner) => owner !== page.myId && owner !== page.me);
  if (localStorage.getItem(KEYS_OF) === page.myId) return;
  await forgetOthersKeys().then(() => localStorage.setItem(KEYS_OF, String(page.myId)), () => {});
}

/** Drafts and marks from before, which are not under the account's own path. @param {string[]} starts @param {(owner: string) => boolean} whose */
function forgetOlder(starts, whose) {
  for (const key of allKeys()) {
    const start = starts.find((begin) => key.startsWith(begin));
    // Names may have dots, and ids of rooms have none.
    if (start && whose(key.slice(start.length, key.lastIndexOf('.')))) localStorage.removeItem(key);
  }
}

/** Log out, or delete the account, by script, where there is one: after asking, and with nothing left here. */
export function guardLogout() {
  document.addEventListener('submit', async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches('.logout, .deletion')) return;
    event.preventDefault();
    // Whoever deletes the account has been told that all goes.
    const losses = form.matches('.deletion') ? [] : await wouldBeLost();
    if (!losses.length || (await confirms(losses))) logOut(form);
  }, true);
}

/** @returns {Promise<string[]>} sentences */
async function wouldBeLost() {
  const counts = { unsent: outbox.items().length, drafts: paths('draft/').length, forms: countSavedForms(), keys: await countKeys() };
  return Object.entries(counts)
    .filter(([, count]) => count)
    .map(([what, count]) => t(`logout_${what}_${count === 1 ? 'one' : 'many'}`, { count: figure(count) }));
}

/** @param {string[]} losses @returns {Promise<boolean>} */
function confirms(losses) {
  const stay = element('button', { class: 'button primary', value: '', autofocus: true }, t('logout_stay'));
  const go = element('button', { class: 'button danger', value: 'go' }, t('logout_go'));
  const words = element('ul', { class: 'losses' }, ...losses.map((sentence) => element('li', {}, sentence)));
  const title = element('h2', { id: 'logout-title' }, t('logout_title'));
  const form = element('form', { class: 'stack', method: 'dialog' }, title, words, element('div', { class: 'row' }, stay, go));
  const dialog = /** @type {HTMLDialogElement} */ (element('dialog', { class: 'dialog', 'aria-labelledby': 'logout-title' }, form));
  document.body.append(dialog);
  dialog.showModal();
  stay.focus();
  return new Promise((decided) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      decided(dialog.returnValue === 'go');
    });
  });
}

/** @param {HTMLFormElement} form */
async function logOut(form) {
  if (form.getAttribute('aria-busy')) return;
  form.setAttribute('aria-busy', 'true');
  // Its end is told to this page too, which would go before all is forgotten.
  stayHere(true);
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  const isDeletion = form.matches('.deletion');
  const headers = isDeletion ? { Accept: 'application/json' } : undefined;
  const answer = await httpRequest(form.action, { method: 'POST', body, headers, redirect: 'manual' }).catch(ifFailed(null));
  if (!answer) {
    form.removeAttribute('aria-busy');
    stayHere(false);
    return showFailure(form);
  }
  // A page that explains, such as that its form is too old or a password wrong, is the server's to show. Whose
  // login has ended has deleted nothing, and is led to the door.
  if (isDeletion ? !answer.ok : answer.type !== 'opaqueredirect') return form.submit();
  // Before the other tabs are told, see startLoggedOut().
  for (const name of [HERE, KEYS_OF]) localStorage.removeItem(name);
  tabs.postMessage({ out: page.myId });
  await forgetWhatIsMine();
  navigate(form.dataset.then ?? address('/login'));
}

async function forgetWhatIsMine() {
  forgetMine();
  forgetOlder([OLDER_DRAFT, READ], (owner) => owner === page.me || owner === page.myId);
  sessionStorage.clear();
  await forgetMyKeys();
}

/** Nothing is forgotten before the server has ended the login. @param {HTMLFormElement} form */
function showFailure(form) {
  form.querySelector('.error')?.remove();
  form.append(element('p', { class: 'error', role: 'alert' }, t(form.matches('.deletion') ? 'sent_nowhere' : 'logout_failed')));
}
