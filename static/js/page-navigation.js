/**
 * Navigations that replace this page. Several may be asked for at once, such as by a log-out in another tab
 * and the end of the connection, or by a new password, which ends the login it was sent with: the first one
 * counts, since a second navigation would abort the first.
 */

/** A navigation that has not replaced the page by then was stopped by the person, and another may begin. */
const ON_THE_WAY_MS = 10_000;
/** The answer to a form brings the page that says what was done. It may take long on a busy server. */
const FORM_ON_THE_WAY_MS = 60_000;
let until = 0;

/** @param {string} url */
export function navigate(url) {
  if (begin()) location.assign(url);
}

/** The same, in place of this page's entry in the history. @param {string} url */
export function navigateInPlace(url) {
  if (begin()) location.replace(url);
}

export function reload() {
  if (begin()) location.reload();
}

/** The browser sends a form, whose answer takes this page's place. */
export function navigateByForm() {
  until = performance.now() + FORM_ON_THE_WAY_MS;
}

/** @returns {boolean} whether no other navigation is on its way */
function begin() {
  const now = performance.now();
  if (now < until) return false;
  until = now + ON_THE_WAY_MS;
  return true;
}

// Back in this page, from the browser's cache.
addEventListener('pageshow', (event) => { if (event.persisted) until = 0; });
