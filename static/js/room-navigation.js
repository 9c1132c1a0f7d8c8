/**
 * Goes from room to room without a new page, by the library swup: it fetches the next room's page and
 * puts its parts in the place of the old ones. The list of rooms, the modules and the connection stay.
 *
 * Whatever is not the page of a room for the same person, in the same language and of the same version
 * (a login that has ended, a room that is gone, an update) is loaded as a page of its own. Without an
 * answer the old room stays.
 */
import '../vendor/Swup.umd.js';
import { byId } from './dom.js';
import { page, pageOf, turnTo } from './page.js';
import { navigateInPlace } from './page-navigation.js';
import { createPrefetch } from './prefetch.js';

/** The parts of a room that another room's take the place of. */
const PARTS = ['#conversation', '#people', '#room-dialogs'];
const SAME = /** @type {const} */ (['me', 'lang', 'version']);
const ANSWER_TIMEOUT_MS = 20_000;

class NoAnswer extends Error {}

/**
 * @param {object} parts
 * @param {ReturnType<typeof import('./sheets.js').prepareSheets>} parts.sheets
 * @param {(roomId: string) => void} parts.onStart the way to that room has begun
 * @param {() => void} parts.onLeave the old room's parts are about to go
 * @param {(at: number) => void} parts.onSelf the open room was chosen again, and in it the message with that number, or 0
 * @param {(isReturn: boolean) => void} parts.onArrive the new ones are in place; isReturn: by back or forward
 * @param {(again: () => void) => void} parts.onNoAnswer the old room stays, since the server cannot be reached
 */
export function startRoomNavigation({ sheets, onStart, onSelf, onLeave, onArrive, onNoAnswer }) {
  const rooms = `${page.base}/rooms/`;
  // The file above leaves it behind.
  const swup = new globalThis.Swup({
    containers: PARTS,
    linkSelector: `a[href*="${rooms}"]`,
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

  /** @param {string} url */
  function roomIn(url) {
    const path = new URL(url, location.href).pathname;
    return path.startsWith(rooms) ? path.slice(rooms.length) : '';
  }

  /** An invitation to the open room is the browser's to follow: nothing but the fragment changes. @param {string} url */
  function isRoom(url) {
    const { pathname, hash } = new URL(url, location.href);
    return /^[\w-]+$/.test(roomIn(url)) && !(hash && pathname === location.pathname);
  }

  swup.hooks.on('link:self', (visit) => onSelf(Number(new URL(visit.to.url, location.href).searchParams.get('at'))));
  swup.hooks.on('visit:start', (visit) => {
    visit.animation.animate = false;
    // The way back leads to the room, not to the sheet that lay over it.
    if (sheets.isOpen()) visit.history.action = 'replace';
    onStart(roomIn(visit.to.url));
  });
  const prefetch = createPrefetch({ list: byId('room-list'), fetchPage: (url) => swup.fetchPage(url) });
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
}

/** Whoever does not see the page hears where it has gone. The focus is in the composer, if one may write. */
function tell() {
  byId('arrival').textContent = document.title;
  if (byId('conversation').contains(document.activeElement)) return;
  const heading = byId('room-name');
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
