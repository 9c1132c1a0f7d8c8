/**
 * What the server told this page (templates/base.html, data-page), and its sentences in the
 * language of the page (templates/_strings.html).
 *
 * @typedef {object} Page
 * @property {'en' | 'ko'} lang
 * @property {string} base      path of the site that Maru is under; empty where it is all of it
 * @property {string} csrf
 * @property {string | null} me
 * @property {Record<string, string>} strings
 * @property {string} [roomId]  this and the following: on the page of a room
 * @property {string} [epoch]
 * @property {number} [seq]
 * @property {boolean} [more]
 * @property {{ seq: number, said: number, saidBy: string }} [talk] how much had been said, up to which number, and by whom last
 * @property {number} [messageMax] in code points
 * @property {string} [owner]
 * @property {boolean} [encrypted]
 * @property {boolean} [mayManage] owner of the room, or admin
 * @property {import('./message-row.js').Message[]} [changes] the edits and reactions among the messages drawn
 */

/** @type {Page} */
export const page = JSON.parse(document.body.dataset.page ?? '{}');

/** An address of this Maru. @param {string} path */
export function address(path) {
  return `${page.base ?? ''}${path}`;
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values] for the {names} in the sentence
 */
export function t(key, values = {}) {
  return page.strings[key].replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
}

/** @param {number} count */
export function figure(count) {
  return count.toLocaleString(page.lang);
}
