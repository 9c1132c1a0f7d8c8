/**
 * Rows that the script adds: clones of the blank ones in the page, which templates/_rows.html describes.
 */
import { byId } from './dom.js';

/** @param {string} kind the rest of the template's id @returns {HTMLElement} */
export function blankRow(kind) {
  const { content } = /** @type {HTMLTemplateElement} */ (byId(`row-${kind}`));
  return /** @type {HTMLElement} */ (document.importNode(/** @type {Element} */ (content.firstElementChild), true));
}

/**
 * The element of a row that the template is bound to have.
 *
 * @param {HTMLElement} row @param {string} selector
 * @returns {any} an HTMLElement of whatever kind the caller knows it to be
 */
export function partOf(row, selector) {
  const found = row.querySelector(selector);
  if (!found) throw new Error(`A row has no ${selector}`);
  return found;
}
