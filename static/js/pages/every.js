/**
 * What every page does: local times, no form sent twice by an impatient second click, the words that
 * wait to be sent, what was typed into forms, and what one account has in this browser.
 */
import { startAccount, guardLogout, startLoggedOut } from '../account-data.js';
import { readKey } from '../cipher.js';
import { startDelivery } from '../delivery.js';
import { element } from '../dom.js';
import { guardDialogs } from '../input-method.js';
import { carryThroughDoor, keyIn, roomOfAddress, takeFromAddress } from '../invitation-link.js';
import { keepKey } from '../key-store.js';
import { guardLinks } from '../link-guard.js';
import { page, t } from '../page.js';
import { navigateByForm } from '../page-navigation.js';
import { saveForms } from '../saved-forms.js';
import { prepareSearch } from '../search-key.js';
import { drawnElsewhere, retime } from '../time.js';
import { placeUnsentSummary, showUnsentSummary } from '../unsent-summary.js';

if (drawnElsewhere) retime();
guardDialogs();
saveForms();
guardLinks();
prepareSearch();

/** @type {WeakSet<Element>} */
let sent = new WeakSet();

document.addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || form.method !== 'post') return;
  if (!navigator.onLine) return stayHere(event, form);
  if (sent.has(form)) event.preventDefault();
  else navigateByForm();
  sent.add(form);
  event.submitter?.setAttribute('aria-disabled', 'true');
});

/** Without a network the browser's own page would come instead, and what is in the form might go. @param {Event} event @param {HTMLFormElement} form */
function stayHere(event, form) {
  event.preventDefault();
  form.querySelector('.error.offline')?.remove();
  form.append(element('p', { class: 'error offline', role: 'alert' }, t('form_offline')));
}

addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  sent = new WeakSet();
  document.querySelectorAll('[aria-disabled]').forEach((button) => button.removeAttribute('aria-disabled'));
});

if (page.me) {
  guardLogout();
  startAccount().then(keepInvitation);
  placeUnsentSummary(document.querySelector('.conversation-body') ?? document.getElementById('notes') ?? document.body);
  showUnsentSummary();
  startDelivery();
} else {
  carryThroughDoor();
  addEventListener('hashchange', carryThroughDoor);
  startLoggedOut();
}

/** Who waits for approval at a room's door has its key by the time that the door opens. */
async function keepInvitation() {
  const place = document.querySelector('[data-waiting-for-approval]');
  if (!place || !keyIn(location.hash)) return;
  const key = await readKey(takeFromAddress());
  if (!key || (await keepKey(roomOfAddress(), key, false))) return;
  document.querySelector('h1 + .error')?.remove();
  place.after(element('p', { class: 'error', role: 'alert' }, t('key_differs')));
}
