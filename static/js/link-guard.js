/**
 * While the server cannot be reached, a link to another page would lead to the browser's own error page. This
 * page stays instead, and says why. Links that a page answers itself, as those to other rooms in a room's page
 * are, never come here.
 */
import { element } from './dom.js';
import { ifFailed } from './errors.js';
import { httpRequest } from './http.js';
import { t } from './page.js';
import { navigate } from './page-navigation.js';

const ANSWER_TIMEOUT_MS = 10_000;
let isLost = false;
/** @type {HTMLElement | null} */
let told = null;

/** The page's connection tells when the server cannot be reached. @param {ReturnType<typeof import('./connection.js').createConnection>} connection */
export function watchServer(connection) {
  connection.watchLink((link) => {
    isLost = link === 'offline' || link === 'unreachable';
    if (link === 'online') hush();
  });
}

export function guardLinks() {
  // On the window: whoever answers the click itself has prevented it by then.
  addEventListener('click', (event) => {
    const link = leadsAway(event);
    if (!link || (navigator.onLine && !isLost)) return;
    event.preventDefault();
    navigateIfReachable(link.href, link);
  });
  // A search.
  addEventListener('submit', (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented || form.method !== 'get' || navigator.onLine) return;
    event.preventDefault();
    say(t('page_offline'), form);
  });
  addEventListener('online', hush);
}

/** Go there if the server answers; else say, near `from`, that it does not. @param {string} url @param {Element} [from] */
export async function navigateIfReachable(url, from = document.body) {
  hush();
  if (!navigator.onLine) return say(t('page_offline'), from);
  const asked = isLost ? httpRequest(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }) : true;
  if (await Promise.resolve(asked).catch(ifFailed(null))) navigate(url);
  else say(t('sent_nowhere'), from);
}

/** The link, if the browser goes from this page to another one by it. @param {MouseEvent} event */
function leadsAway(event) {
  const link = /** @type {Element} */ (event.target).closest('a');
  const isOwn = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link?.href || !isOwn || event.defaultPrevented || link.target || link.origin !== location.origin) return null;
  const isPlaceHere = link.hash && link.pathname === location.pathname && link.search === location.search;
  return isPlaceHere ? null : link;
}

/** @param {string} words @param {Element} from */
function say(words, from) {
  hush();
  // What lies over the page hides what is said below it.
  const over = from.closest('dialog[open], .rail.open, .people.open');
  const place = over ?? document.querySelector('.conversation-body') ?? document.getElementById('notes') ?? document.querySelector('main');
  const close = element('button', { type: 'button' }, t('close'));
  told = element('p', { class: 'unreached', role: 'alert' }, element('span', {}, words), ' ', close);
  close.addEventListener('click', () => {
    hush();
    if (from instanceof HTMLElement) from.focus({ preventScroll: true });
  });
  place?.append(told);
  told.scrollIntoView({ block: 'nearest' });
}

function hush() {
  told?.remove();
  told = null;
}
