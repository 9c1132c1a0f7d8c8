/** What every page does: local times, and no form sent twice by an impatient second click. */
import { drawnElsewhere, retime } from '../time.js';

if (drawnElsewhere) retime();

/** @type {WeakSet<Element>} */
let sent = new WeakSet();

document.addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || form.method !== 'post') return;
  if (sent.has(form)) event.preventDefault();
  sent.add(form);
  event.submitter?.setAttribute('aria-disabled', 'true');
});

addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  sent = new WeakSet();
  document.querySelectorAll('[aria-disabled]').forEach((button) => button.removeAttribute('aria-disabled'));
});
