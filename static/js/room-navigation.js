/**
 * Goes from room to room without a new page, by the library swup: it fetches the next room's page and
 * puts its parts in the place of the old ones. The list of rooms, the modules and the connection stay.
 *
 * Whatever is not the page of a room for the same person, in the same language and of the same version
 * (a login that has ended, a room that is gone, an update) is loaded as a page of its own. Without an
 * answer the old room stays.
 *
 * The library is fetched once somebody comes to a link to a room. A click before it is there waits for it.
 */
import { byId } from './dom.js';
import { ifFailed } from './errors.js';
import { fetchScript } from './later-script.js';
import { page, pageOf, turnTo } from './page.js';
import { navigateInPlace, reload } from './page-navigation.js';
import { createPrefetch } from './prefetch.js';

/** The parts of a room that another room's take the place of. */
const PARTS = ['#conversation', '#people', '#room-dialogs'];
const SAME = /** @type {const} */ (['me', 'lang', 'version']);
const ANSWER_TIMEOUT_MS = 20_000;

class NoAnswer extends Error {}

/**
 * @typedef {object} Parts
 * @property {ReturnType<typeof import('./sheets.js').prepareSheets>} sheets
 * @property {(roomId: string) => void} onStart the way to that room has begun
 * @property {() => void} onLeave the old room's parts are about to go
 * @property {(at: number) => void} onSelf the open room was chosen again, and in it the message with that number, or 0
 * @property {(isReturn: boolean) => void} onArrive the new ones are in place; isReturn: by back or forward
 * @property {(again: () => void) => void} onNoAnswer the old room stays, since the server cannot be reached
 */

/** @param {Parts} parts */
export function startRoomNavigation(parts) {
  const { pathname } = location;
  const listening = new AbortController();
  /** @type {Promise<ReturnType<typeof follow>> | null} */
  let coming = null;
  /** @type {HTMLAnchorElement | null} what was chosen last */
  let chosen = null;

  function load() {
    coming ??= fetchScript(String(page.swup)).then(() => {
      listening.abort();
      return follow(parts, prefetch);
    });
    // Whoever waits for it is told, and may try again.
    coming.catch(() => { coming = null; });
    return coming;
  }

  const prefetch = createPrefetch({ list: byId('room-list'), fetchPage: async (url) => (await load()).fetchPage(url) });
  const { signal } = listening;
  for (const kind of ['pointerover', 'pointerdown', 'focusin']) {
    addEventListener(kind, (event) => { if (linkOf(event)) load().catch(ifFailed(null)); }, { signal });
  }
  addEventListener('click', async (event) => {
    const link = linkOf(event);
    const isOwn = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !isOwn || link.target || !isRoom(link.href)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    chosen = link;
    parts.onStart(roomIn(link.href));
    const isThere = await load().catch(ifFailed(null));
    if (chosen !== link) return;
    if (isThere) return link.click();
    parts.sheets.back();
    parts.onNoAnswer(() => link.click());
  }, { capture: true, signal });
  // This page is one that the library went on from, before it was loaded again.
  if (history.state?.source === 'swup') load().catch(ifFailed(null));
  addEventListener('popstate', () => { if (location.pathname !== pathname) reload(); }, { signal });
}

const rooms = () => `${page.base}/rooms/`;

/** The link to a room that an event is about. @param {Event} event @returns {HTMLAnchorElement | null} */
function linkOf({ target }) {
  return target instanceof Element ? target.closest(`a[href*="${rooms()}"]`) : null;
}

/** @param {string} url */
function roomIn(url) {
  const path = new URL(url, location.href).pathname;
  return path.startsWith(rooms()) ? path.slice(rooms().length) : '';
}

/** An invitation to the open room is the browser's to follow: nothing but the fragment changes. @param {string} url */
function isRoom(url) {
  const { origin, pathname, hash } = new URL(url, location.href);
  return origin === location.origin && /^[\w-]+$/.test(roomIn(url)) && !(hash && pathname === location.pathname);
}

/**
 * Have the library follow links to rooms from now on.
 *
 * @param {Parts} parts
 * @param {ReturnType<typeof createPrefetch>} prefetch
 */
function follow({ sheets, onStart, onSelf, onLeave, onArrive, onNoAnswer }, prefetch) {
  // Its file leaves it behind.
  const swup = new globalThis.Swup({
    containers: PARTS,
    linkSelector: `a[href*="${rooms()}"]`,
    ignoreVisit: (url) => !isRoom(url),
    animationSelector: false,
    cache: false,
    timeout: ANSWER_TIMEOUT_MS,
    requestHeaders: { 'X-Requested-With': 'swup', Accept: 'text/html' },
    // The entries of sheets are not skipped: their room may be another one by now.
    skipPopStateHandling: () => goingBack,
  });
  /** Where the room that is shown is. */
  let shown = swup.location;
  let goingBack = false;

  swup.hooks.on('link:self', (visit) => onSelf(Number(new URL(visit.to.url, location.href).searchParams.get('at'))));
  swup.hooks.on('visit:start', (visit) => {
    visit.animation.animate = false;
    // The way back leads to the room, not to the sheet that lay over it.
    if (sheets.isOpen()) visit.history.action = 'replace';
    onStart(roomIn(visit.to.url));
  });
  swup.hooks.replace('page:load', async (visit, args, load) => {
    try {
      args.page = await prefetch.take(visit.to.url) ?? await /** @type {NonNullable<typeof load>} */ (load)(visit, args);
    } catch (error) {
      // The library leaves a rejection here unhandled: the failure is thrown when the page is put in place.
      // A refusal by the server is a page of its own.
      args.page = { url: visit.to.url, html: /** @type {any} */ (error).status ? '<title></title>' : '' };
    }
    return args.page;
  });
  swup.hooks.replace('content:replace', async (visit, args, replace) => {
    if (!visit.to.html) throw new NoAnswer();
    const next = pageOf(/** @type {Document} */ (visit.to.document));
    if (!next.roomId || SAME.some((key) => next[key] !== page[key])) throw new Error('Another page');
    onLeave();
    turnTo(next);
    await replace?.(visit, args);
    arrive(visit.history.popstate);
  });
  // Nothing but the conversation scrolls.
  swup.hooks.replace('content:scroll', () => false);
  swup.hooks.replace('visit:fail', async ({ from, to, history: { popstate } }, { error }) => {
    if (error instanceof NoAnswer) {
      if (!popstate) await goBack();
      return stay(to);
    }
    // The address is the new one already. A reload would leave the new page with the entries of this one
    // in the history, and with a fragment nothing would be loaded at all.
    history.replaceState(null, '', from.url);
    navigateInPlace(to.url + (to.hash ?? ''));
  });

  /** Off the entry that the library has made for the new room, or put in the place of a sheet's, which closes. */
  async function goBack() {
    goingBack = true;
    await new Promise((arrived) => {
      addEventListener('popstate', arrived, { once: true });
      history.back();
    });
    goingBack = false;
  }

  /** @param {{ url: string, hash?: string }} to */
  function stay(to) {
    // By back or forward, or after another visit that was given up, the entry is another room's.
    if (location.href !== shown.href) history.replaceState(history.state && { ...history.state, url: shown.url }, '', shown.href);
    swup.location = shown;
    onNoAnswer(() => swup.navigate(to.url + (to.hash ?? '')));
  }

  /** @param {boolean} isReturn */
  function arrive(isReturn) {
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (byId('rooms').querySelectorAll('[name=next]'))) {
      field.value = location.pathname + location.search;
    }
    shown = swup.location;
    onArrive(isReturn);
    tell();
  }

  return swup;
}

/** Whoever does not see the page hears where it has gone. The focus is in the composer, if one may write. */
function tell() {
  byId('arrival').textContent = document.title;
  if (byId('conversation').contains(document.activeElement)) return;
  const heading = byId('room-name');
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
