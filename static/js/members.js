/**
 * The members of the page's room, and one of them, in dialogs. What they have comes from pages of their own
 * (templates/members.html, member.html), which serve without script too: the server decides what is offered.
 */
import { byId } from './dom.js';
import { ifFailed } from './errors.js';
import { returnFocus } from './focus.js';
import { httpRequest, textOf } from './http.js';
import { onRenamed } from './known-people.js';
import { navigateIfReachable } from './link-guard.js';
import { onRole } from './roles.js';

const REDRAW_AFTER_MS = 100;

export function keepMembers() {
  // Another room's take their place when the page goes on.
  const about = () => /** @type {HTMLDialogElement} */ (byId('about'));
  const card = () => /** @type {HTMLDialogElement} */ (byId('person'));
  /** The page of the person shown. */
  let shown = '';
  let timer = 0;

  async function showList() {
    const list = byId('members-part');
    await fill(list, list.dataset.from, 'members-part');
  }

  /** @param {string} from */
  async function showCard(from) {
    shown = from;
    const part = byId('person-part');
    const filled = await fill(part, from, 'person-part');
    // Meanwhile somebody else was chosen, or another room.
    if (shown !== from || !part.isConnected || card().open) return;
    // The page itself says why not.
    if (filled) card().showModal();
    else navigateIfReachable(from, part);
  }

  /** What is open is drawn again, soon: several things may change at once. */
  function refresh() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (about().open) showList();
      if (card().open) fill(byId('person-part'), shown, 'person-part');
    }, REDRAW_AFTER_MS);
  }

  document.addEventListener('click', async (event) => {
    const target = /** @type {Element} */ (event.target);
    const link = /** @type {HTMLAnchorElement | null} */ (target.closest('a'));
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.dataset.openDialog === 'about') {
      await showList();
      // Whoever asks for the members need not look for them among the rest.
      if (link.closest('.people-all')) goToMembers();
    }
    if (link.dataset.card !== undefined) {
      event.preventDefault();
      showCard(link.href);
    }
    if (link.dataset.more !== undefined) {
      event.preventDefault();
      await append(link);
    }
  });
  document.addEventListener('done', (event) => {
    const form = /** @type {HTMLElement} */ (event.target);
    if (about().contains(form) || card().contains(form)) refresh();
  });
  document.addEventListener('close', ({ target }) => {
    // Inside a dialog that has just closed the focus is as good as lost.
    if (target === card() && (card().contains(document.activeElement) || document.activeElement?.matches('body, dialog'))) focusRow();
  }, { capture: true });
  onRole(refresh);
  onRenamed(refresh);

  /** The row that has opened the card may have been drawn again, or be gone with its person. */
  function focusRow() {
    const row = `a[href="${CSS.escape(new URL(shown).pathname)}"]`;
    const places = about().open ? [`#members-part ${row}`, '#about [data-close-dialog]'] : [`#people-list ${row}`, '#people-list'];
    for (const place of places) {
      const neighbour = /** @type {HTMLElement | null} */ (document.querySelector(place));
      neighbour?.focus();
      if (neighbour && document.activeElement === neighbour) return;
    }
    returnFocus();
  }
}

/** In the dialog about the room. */
function goToMembers() {
  const title = byId('members-title');
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
  title.scrollIntoView({ block: 'start' });
}

/**
 * Put in what a page has under this id.
 *
 * @param {HTMLElement} into @param {string | undefined} from @param {string} id
 */
async function fill(into, from, id) {
  const part = await partOfPage(String(from), id);
  if (!part) return false;
  // What is the same stays, with the focus in it.
  const isSame = into.childNodes.length === part.childNodes.length && [...into.childNodes].every((node, i) => node.isEqualNode(part.childNodes[i]));
  if (isSame) return true;
  const focused = into.contains(document.activeElement);
  const link = focused && document.activeElement?.getAttribute('href');
  const place = /** @type {HTMLElement} */ (into.querySelector('ul'))?.scrollTop ?? 0;
  into.replaceChildren(...part.childNodes);
  into.querySelector('ul')?.scrollTo(0, place);
  const again = link && into.querySelector(`a[href="${CSS.escape(link)}"]`);
  if (focused) /** @type {HTMLElement | null} */ (again || into.closest('dialog')?.querySelector('[data-close-dialog]'))?.focus();
  return true;
}

/** The rows of the next page of the list. @param {HTMLAnchorElement} link */
async function append(link) {
  const part = await partOfPage(link.href, 'members-part');
  const rows = [...(part?.querySelectorAll('#members > li') ?? [])];
  const list = byId('members');
  list.append(...rows);
  const next = part?.querySelector('[data-more]');
  if (next) link.setAttribute('href', String(next.getAttribute('href')));
  else link.parentElement?.remove();
  /** @type {HTMLElement | null} */ (rows[0]?.querySelector('a'))?.focus();
}

/** @param {string} address @param {string} id @returns {Promise<Element | null>} */
async function partOfPage(address, id) {
  const text = await pageAt(address).catch(ifFailed(''));
  const part = new DOMParser().parseFromString(text, 'text/html').getElementById(id);
  return part && document.importNode(part, true);
}

/** @param {string} address @returns {Promise<string>} '' where it is refused */
async function pageAt(address) {
  const answer = await httpRequest(address);
  return answer.ok ? textOf(answer) : '';
}
