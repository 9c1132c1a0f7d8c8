/**
 * What one may do in this page's room. It changes while the page is open; the server decides in any case.
 * What only some may do has `data-needs` in the page: `moderator`, `owner`, or `place` (a member who may give
 * its place up).
 */
import { page } from './page.js';

let role = '';

const mayManage = () => Boolean(page.isAdmin) || role === 'owner';
export const mayModerate = () => mayManage() || role === 'moderator';

/** @param {string} now */
export function setOwnRole(now) {
  role = now;
  const allowed = { moderator: mayModerate(), owner: mayManage(), place: role !== '' && (role !== 'owner' || page.kind === 'direct') };
  for (const part of /** @type {Iterable<HTMLElement>} */ (document.querySelectorAll('[data-needs]'))) {
    const may = allowed[/** @type {keyof typeof allowed} */ (part.dataset.needs)];
    if (!may && part.contains(document.activeElement)) /** @type {HTMLElement | null} */ (part.closest('dialog')?.querySelector('[data-close-dialog]'))?.focus();
    part.hidden = !may;
  }
}
