/**
 * The panel of search beside a conversation: the same as the page of search, whose part it shows. It is loaded
 * when it is opened for the first time (search-key.js), and has its modules for itself.
 */
import { completeNames } from '../completion.js';
import { element, icon } from '../dom.js';
import { Failed } from '../errors.js';
import { httpRequest, textOf } from '../http.js';
import { belongsToInputMethod } from '../input-method.js';
import { address } from '../page.js';

/** @typedef {{ opener: HTMLElement, roomId: string, title: string, close: string, failed: string }} Opening */

const title = element('h2', { id: 'search-panel-title' });
const closeWords = element('span', { class: 'visually-hidden' });
const closer = element('button', { class: 'icon-button', type: 'button' }, icon('close'), closeWords);
const body = element('div', { class: 'search-panel-body' });
const panel = element(
  'section',
  { class: 'search-panel', id: 'search-panel', role: 'complementary', 'aria-labelledby': title.id, hidden: true },
  element('div', { class: 'search-panel-head' }, title, closer),
  body,
);
document.body.append(panel);
/** @type {Opening} */
let opening;
let asked = 0;

const field = () => /** @type {HTMLInputElement | null} */ (body.querySelector('[name="q"]'));

/** @param {Opening} how */
async function open(how) {
  opening = how;
  title.textContent = how.title;
  closeWords.textContent = how.close;
  panel.hidden = false;
  document.body.classList.add('searching');
  // What was found last is there still, unless it was about another room.
  if (!field() || body.dataset.roomId !== how.roomId) {
    body.dataset.roomId = how.roomId;
    body.replaceChildren();
    await show(address(`/search?roomId=${encodeURIComponent(how.roomId)}`));
  }
  field()?.select();
  field()?.focus();
}

function close() {
  if (panel.hidden) return;
  const hadFocus = panel.contains(document.activeElement);
  panel.hidden = true;
  document.body.classList.remove('searching');
  if (hadFocus) opening.opener.focus();
}

/** The part of a page of search, in place of what is there; the form stays as it was typed. @param {string} url */
async function show(url, isMore = false) {
  const own = ++asked;
  body.setAttribute('aria-busy', 'true');
  const part = await partOf(url);
  if (own !== asked) return;
  body.removeAttribute('aria-busy');
  const form = body.querySelector('.finding-form');
  if (!part) return sayFailure(url, isMore);
  if (form) part.querySelector('.finding-form')?.replaceWith(form);
  const [before, found] = [body.querySelector('.hits'), part.querySelector('.hits')];
  const first = found?.firstElementChild?.querySelector('a');
  if (isMore && before && found) found.prepend(...before.children);
  body.replaceChildren(part);
  if (!form) completeNames(body);
  if (isMore) first?.focus();
}

/** @param {string} url @returns {Promise<HTMLElement | null>} `null` without an answer */
async function partOf(url) {
  try {
    const answer = await httpRequest(url, { headers: { Accept: 'text/html' } });
    const fetched = new DOMParser().parseFromString(await textOf(answer), 'text/html');
    const part = fetched.getElementById('finding');
    // The login has ended, or it is too fast: a page that says so.
    if (!part && answer.redirected) location.assign(answer.url);
    return part && document.adoptNode(part);
  } catch (problem) {
    if (problem instanceof Failed) return null;
    throw problem;
  }
}

/** @param {string} url @param {boolean} isMore */
function sayFailure(url, isMore) {
  const again = element('button', { class: 'button quiet', type: 'button' }, opening.failed);
  again.addEventListener('click', () => show(url, isMore));
  body.querySelector('.failed')?.remove();
  body.append(element('p', { class: 'error failed', role: 'alert' }, again));
}

body.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const fields = [...new FormData(form)].flatMap(([name, value]) => (value === '' ? [] : [[name, String(value)]]));
  show(`${form.action}?${new URLSearchParams(fields)}`);
});
body.addEventListener('click', (event) => {
  const more = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (event.target).closest('#more-found'));
  if (!more || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(more.href, true);
});
closer.addEventListener('click', close);
panel.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || belongsToInputMethod(event)) return;
  // A browser would empty the field.
  event.preventDefault();
  close();
});
// The column of the people is where the panel is.
document.addEventListener('click', ({ target }) => {
  if (/** @type {Element} */ (target).closest('[data-open-sheet="people"]')) close();
});
document.addEventListener('maru:search', (event) => open(/** @type {CustomEvent<Opening>} */ (event).detail));
