/**
 * What the server told this page (templates/base.html, data-page; moving to another room exchanges it),
 * and its sentences in the language of the page (templates/_strings.html), which come before all modules.
 *
 * @typedef {'deactivated' | 'deleted'} Gone
 *
 * @typedef {object} Page
 * @property {'en' | 'ko'} lang
 * @property {string} base      path of the site that Maru is under; empty where it is all of it
 * @property {string} version  of the scripts and styles
 * @property {string} csrf
 * @property {string | null} me the name
 * @property {string | null} myId
 * @property {string} [roomId]  this and the following: on the page of a room
 * @property {string} [epoch]
 * @property {number} [seq]
 * @property {boolean} [more] are there older messages than those drawn?
 * @property {boolean} [moreAfter] are there newer ones?
 * @property {number} [at] the number of the message that the address leads to
 * @property {number | null} [read] the number up to which one has read; null for no member
 * @property {number} [unread] how many messages after that are unread
 * @property {number} [messageMax] in code points
 * @property {string} [owner]
 * @property {string} [ownerId]
 * @property {'open' | 'private' | 'direct'} [kind]
 * @property {'owner' | 'moderator' | 'member' | ''} [role] of this person in the room
 * @property {Record<string, string>} [people] what those are shown as of whom the page shows anything, by userId
 * @property {boolean} [encrypted]
 * @property {boolean} [isAdmin] of this Maru: may do in a room what its owner may
 * @property {number} [mutedUntil] in ms, 0 for one who may write
 * @property {boolean} [archived] the room can only be read
 * @property {string[]} [others] userIds of the other people of a direct room
 * @property {Record<string, [role: string, mutedUntil: number]>} [roles] by userId, of those who are more or less than plain members
 * @property {Record<string, Gone>} [gone] whose accounts among `people` are deactivated or deleted, by userId
 * @property {string} [swup] the address of the library that goes to other rooms
 * @property {import('./message-row.js').Message[]} [changed] the messages drawn to which something was done
 */

/** @type {Record<string, string>} */
const strings = Reflect.get(globalThis, 'maruStrings');

/** @type {Page} */
export const page = pageOf(document);

/** What the server told a page that was fetched. @param {Document} fetched @returns {Page} */
export function pageOf(fetched) {
  return JSON.parse(fetched.body.dataset.page ?? '{}');
}

/** From now on this is the page of another room. @param {Page} next */
export function turnTo(next) {
  for (const key of Object.keys(page)) Reflect.deleteProperty(page, key);
  Object.assign(page, next);
}

/** An address of this Maru. @param {string} path */
export function address(path) {
  return `${page.base ?? ''}${path}`;
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values] for the {names} in the sentence
 */
export function t(key, values = {}) {
  return strings[key].replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
}

/** @param {number} count */
export function figure(count) {
  return count.toLocaleString(page.lang);
}
