/**
 * The panel over a conversation that cannot be used: the room has ended, or its key is missing. What is
 * under it is hidden, and cannot be reached by keyboard either.
 */
import { element } from './dom.js';

/** What had the focus before the panel came. @type {Element | null} */
let before = null;

/**
 * @param {HTMLElement} over the conversation's body
 * @param {{ title: string, text: string }} words
 * @param {...HTMLElement} actions
 */
export function showBlockingPanel(over, { title, text }, ...actions) {
  // The room was left meanwhile.
  if (!over.isConnected) return;
  const older = over.querySelector('.blocking-panel');
  if (!older) before = document.activeElement;
  older?.remove();
  const heading = element('h2', { tabindex: -1 }, title);
  const panel = element('div', { class: 'blocking-panel' }, heading, element('p', { class: 'lead' }, text), ...actions);
  over.append(panel);
  cover(over, true);
  heading.focus({ preventScroll: true });
}

/** It can go on after all; the focus goes back to where it was. @param {HTMLElement} over */
export function hideBlockingPanel(over) {
  const panel = over.querySelector('.blocking-panel');
  if (!panel) return;
  const focused = panel.contains(document.activeElement);
  panel.remove();
  cover(over, false);
  if (!focused) return;
  if (before instanceof HTMLElement && before !== document.body) before.focus({ preventScroll: true });
  if (document.activeElement === document.body) logIn(over).focus({ preventScroll: true });
}

/** @param {HTMLElement} over @param {boolean} covered */
function cover(over, covered) {
  logIn(over).inert = covered;
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (over.querySelectorAll(':scope > button'))) button.inert = covered;
}

/** @param {HTMLElement} over */
const logIn = (over) => /** @type {HTMLElement} */ (over.querySelector('.log'));
