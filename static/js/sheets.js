/**
 * On narrow screens the columns of rooms and people are sheets over the conversation. The back button
 * and Escape close them. An open sheet is a modal dialog: the rest of the page is inert, so the focus
 * stays in the sheet, and returns afterwards to where it was.
 *
 * On wide screens the button of the people folds their column; a cookie tells the server about it.
 */
import { belongsToInputMethod } from './input-method.js';
import { address } from './page.js';

const PEOPLE_NARROW = matchMedia('(max-width: 1100px)');
const ROOMS_NARROW = matchMedia('(max-width: 760px)');
const YEAR_S = 365 * 24 * 60 * 60;

export function prepareSheets() {
  // The people of another room take the place of these.
  const sheets = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.rail, .people')]);
  /** @type {HTMLElement | null} */
  let opened = null;
  /** @type {Element | null} */
  let before = null;

  /** @param {string} id */
  const isSheet = (id) => (id === 'people' ? PEOPLE_NARROW : ROOMS_NARROW).matches;

  /** @param {HTMLElement} sheet */
  function open(sheet) {
    before = document.activeElement;
    opened = sheet;
    sheet.classList.add('open');
    sheet.setAttribute('role', 'dialog');
    sheet.setAttribute('aria-modal', 'true');
    setInert(true);
    /** @type {HTMLElement} */ (sheet.querySelector('.sheet-close')).focus();
    history.pushState({ sheet: sheet.id }, '');
    tellExpanded();
  }

  function close() {
    if (!opened) return;
    opened.classList.remove('open');
    opened.setAttribute('role', 'complementary');
    opened.removeAttribute('aria-modal');
    setInert(false);
    opened = null;
    tellExpanded();
    if (before instanceof HTMLElement) before.focus();
  }

  /** @param {boolean} inert */
  function setInert(inert) {
    for (const part of /** @type {Iterable<HTMLElement>} */ (document.body.children)) {
      // A dialog opens over the sheet.
      if (part !== opened && part.tagName !== 'DIALOG' && part.id !== 'room-dialogs') part.inert = inert;
    }
  }

  /** The way back is the way in: the entry that opening pushed is taken off again. */
  function back() {
    if (opened) history.back();
  }

  function fold() {
    const folded = document.body.classList.toggle('people-folded');
    document.cookie = `people=${folded ? 'folded' : 'open'}; path=${address('/')}; max-age=${YEAR_S}; samesite=lax`;
    tellExpanded();
  }

  function tellExpanded() {
    for (const { id } of sheets()) {
      const column = id === 'people' && !document.body.classList.contains('people-folded');
      const expanded = isSheet(id) ? opened?.id === id : column;
      document.querySelector(`[data-open-sheet="${id}"]`)?.setAttribute('aria-expanded', String(expanded));
    }
  }

  document.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    const opener = /** @type {HTMLElement | null} */ (target.closest('[data-open-sheet]'));
    if (opener) {
      event.preventDefault();
      const id = String(opener.dataset.openSheet);
      if (isSheet(id)) open(/** @type {HTMLElement} */ (document.getElementById(id)));
      else if (id === 'people') fold();
    } else if (target.closest('[data-close-sheet]')) {
      event.preventDefault();
      back();
    } else if (opened && !opened.contains(target) && !target.closest('dialog')) {
      back();
    }
  });
  document.addEventListener('keydown', (event) => {
    // A dialog over the sheet takes the key for itself.
    if (event.key === 'Escape' && !belongsToInputMethod(event) && !document.querySelector('dialog[open]')) back();
  });
  addEventListener('popstate', close);
  for (const narrow of [PEOPLE_NARROW, ROOMS_NARROW]) {
    narrow.addEventListener('change', () => {
      if (opened && !isSheet(opened.id)) back();
      tellExpanded();
    });
  }
  // A reload in an open sheet, or a page opened by its #fragment, starts without one.
  for (const sheet of sheets()) sheet.classList.remove('open');
  tellExpanded();

  return {
    isOpen: () => opened !== null,
    back,

    /** The page shows another room: none is open, whatever was. */
    settle() {
      close();
      tellExpanded();
    },
  };
}
