/** A panel over the conversation when it cannot go on: the room has ended, its key is missing. */
import { element } from './dom.js';

/**
 * @param {HTMLElement} over the conversation's body
 * @param {{ title: string, text: string }} words
 * @param {...HTMLElement} actions
 * @returns {HTMLElement} the panel, to be removed when it can go on after all
 */
export function showStop(over, { title, text }, ...actions) {
  over.querySelector('.stop')?.remove();
  const heading = element('h2', { tabindex: -1 }, title);
  const panel = element('div', { class: 'stop' }, heading, element('p', { class: 'lead' }, text), ...actions);
  over.append(panel);
  heading.focus({ preventScroll: true });
  return panel;
}
