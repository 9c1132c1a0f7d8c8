/**
 * One line about the connection, in words, while it is not well; a blink of it is not told. Empty it
 * takes no room, yet stays where screen readers listen.
 */
import { t } from './page.js';

const PATIENCE_MS = 900;
const SHOWN_MS = 4000;

/** @param {HTMLElement} line with role=status */
export function createStatus(line) {
  let timer = 0;

  return {
    /** Something that is over in a moment. @param {string} words */
    say(words) {
      if (line.textContent) return;
      line.textContent = words;
      timer = setTimeout(() => { line.textContent = ''; }, SHOWN_MS);
    },

    /** @param {import('./connection.js').Link} link */
    show(link) {
      clearTimeout(timer);
      line.dataset.link = link;
      if (link === 'online') line.textContent = '';
      else timer = setTimeout(() => { line.textContent = t(link); }, line.textContent ? 0 : PATIENCE_MS);
    },
  };
}
