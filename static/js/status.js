/**
 * A line that says when there is no connection; interruptions shorter than `SHOW_AFTER_MS` are not
 * shown. It also shows a failed action, until that is tried again or dismissed. The empty line takes no
 * space, but stays in the page as a live region for screen readers.
 */
import { byId, element } from './dom.js';
import { t } from './page.js';

const SHOW_AFTER_MS = 900;

/** @param {HTMLElement} line with role=status */
export function createStatus(line) {
  let timer = 0;
  const state = element('span');
  const failure = element('span', { class: 'connection-failure' });

  function draw() {
    line.replaceChildren(...[state, failure].filter((part) => part.hasChildNodes()));
  }

  function clear() {
    const focused = failure.contains(document.activeElement);
    failure.replaceChildren();
    draw();
    if (focused) byId('log').focus({ preventScroll: true });
  }

  return {
    /** Something could not be done. @param {string} words @param {() => void} again */
    failed(words, again) {
      const retry = element('button', { type: 'button' }, t('retry'));
      const close = element('button', { type: 'button' }, t('dismiss'));
      retry.addEventListener('click', () => { clear(); again(); });
      close.addEventListener('click', clear);
      failure.replaceChildren(words, ' ', retry, ' ', close);
      draw();
    },

    /** @param {import('./connection.js').Link} link */
    show(link) {
      clearTimeout(timer);
      line.dataset.link = link;
      const say = () => {
        state.textContent = link === 'online' ? '' : t(link);
        draw();
      };
      if (link === 'online' || state.hasChildNodes()) say();
      else timer = setTimeout(say, SHOW_AFTER_MS);
    },
  };
}
