/**
 * Fetches the page of a room that somebody is about to go to: as soon as the pointer is pressed on its
 * link, or has rested there. What was fetched is used by a visit that begins soon, or not at all.
 */
const HOVER_MS = 200;
const FRESH_MS = 5000;

/** @typedef {{ url: string, html: string }} Fetched */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list links to rooms
 * @param {(url: string) => Promise<Fetched>} parts.fetchPage
 */
export function createPrefetch({ list, fetchPage }) {
  /** @type {{ url: string, at: number, page: Promise<Fetched | null> } | null} */
  let newest = null;
  let timer = 0;

  const isFresh = (/** @type {string} */ url) => newest !== null && newest.url === url && Date.now() - newest.at < FRESH_MS;

  /** @param {Event} event @returns {HTMLAnchorElement | null} a link that leads elsewhere */
  const linkOf = ({ target }) => /** @type {Element} */ (target).closest('a[href]:not([aria-current])');

  /** @param {HTMLAnchorElement} link */
  function prefetch({ pathname }) {
    clearTimeout(timer);
    // Where this fails, the visit fetches it again, and tells of the failure.
    if (!isFresh(pathname)) newest = { url: pathname, at: Date.now(), page: fetchPage(pathname).catch(() => null) };
  }

  list.addEventListener('pointerover', (event) => {
    clearTimeout(timer);
    const link = linkOf(event);
    if (link) timer = setTimeout(() => prefetch(link), HOVER_MS);
  });
  list.addEventListener('pointerleave', () => clearTimeout(timer));
  list.addEventListener('pointerdown', (event) => {
    const link = linkOf(event);
    // A finger may be about to scroll the list, and other buttons open a tab.
    if (link && event.button === 0 && event.pointerType === 'mouse') prefetch(link);
  });

  return {
    /** What was fetched of this page, once. @param {string} url @returns {Promise<Fetched | null>} */
    async take(url) {
      clearTimeout(timer);
      const fetched = isFresh(url) ? newest?.page : null;
      newest = null;
      return fetched ?? null;
    },
  };
}
