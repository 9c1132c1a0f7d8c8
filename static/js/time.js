/**
 * Formats times for people, exactly as the server's template filters do (clock, day, moment, full, iso), in the
 * browser's time zone.
 */
import { address, page, t } from './page.js';

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const DAY_MS = 24 * 60 * 60 * 1000;
const YEAR_S = 365 * 24 * 60 * 60;
const korean = page.lang === 'ko';
const locale = korean ? 'ko-KR' : 'en-GB';
const clockFormat = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', hour12: korean });
const dateFormat = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'long', day: 'numeric' });
const weekdayFormat = new Intl.DateTimeFormat(locale, { weekday: 'long' });

/** @param {number} at in ms */
export function clock(at) {
  return clockFormat.format(at).padStart(korean ? 0 : 5, '0');
}

/** @param {number} at in ms */
export function day(at) {
  const date = dateFormat.format(at);
  if (date === dateFormat.format(Date.now())) return t('today');
  if (date === dateFormat.format(Date.now() - DAY_MS)) return t('yesterday');
  return date;
}

/** When something ends. @param {number} at in ms */
export function moment(at) {
  const date = dateFormat.format(at);
  if (date === dateFormat.format(Date.now())) return clock(at);
  return `${date === dateFormat.format(Date.now() + DAY_MS) ? t('tomorrow') : date} ${clock(at)}`;
}

/** @param {number} at in ms */
export function full(at) {
  const parts = [weekdayFormat.format(at), dateFormat.format(at)];
  return korean ? `${parts[1]} ${parts[0]} ${clock(at)}` : `${parts[0]}, ${parts[1]}, ${clock(at)}`;
}

/** @param {number} at in ms */
export function iso(at) {
  return new Date(at).toISOString();
}

/** @param {number} one @param {number} other both in ms */
export function sameDay(one, other) {
  return dateFormat.format(one) === dateFormat.format(other);
}

/** Milliseconds until the words for today and yesterday are wrong. */
export function untilMidnight() {
  const midnight = new Date();
  midnight.setHours(24, 0, 1, 0);
  return midnight.getTime() - Date.now();
}

/** The server drew this page without knowing our time zone; the next it draws right. */
export const drawnElsewhere = !document.cookie.split('; ').includes(`tz=${ZONE}`);
if (drawnElsewhere) document.cookie = `tz=${ZONE}; path=${address('/')}; max-age=${YEAR_S}; samesite=lax`;

/** Fills the element of a message's time. @param {HTMLTimeElement} time @param {number} at in ms */
export function showTime(time, at) {
  time.dataset.at = String(at);
  time.dateTime = iso(at);
  time.title = full(at);
  time.textContent = clock(at);
}

/** Say the times that the server drew without knowing the zone once more. */
export function retime(root = document) {
  for (const time of root.querySelectorAll('time[data-at]')) {
    const { at: sent, format } = /** @type {HTMLElement} */ (time).dataset;
    const at = Number(sent);
    const say = format === 'day' ? day : format === 'moment' ? moment : clock;
    time.textContent = say(at);
    time.setAttribute('title', full(at));
  }
}
