/** The name, description and state of this page's room, wherever the page says them. Others may rename it at any time. */
import { byId } from './dom.js';

/** @param {string} name */
export function showRoomName(name) {
  const heading = /** @type {HTMLElement} */ (byId('room-name').querySelector('bdi'));
  const before = String(heading.textContent);
  if (name === before) return;
  heading.textContent = name;
  // The title begins with the name, behind a count of new messages.
  document.title = document.title.replace(before, () => name);
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById('rename'));
  if (field) {
    if (field.value === before) field.value = name;
    field.defaultValue = name;
  }
  for (const mention of document.querySelectorAll('[data-room-name]')) mention.textContent = name;
}

/** @param {string} text */
export function showDescription(text) {
  for (const line of [byId('description'), byId('about-description')]) {
    line.textContent = text;
    line.hidden = !text;
  }
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById('describe'));
  if (!field) return;
  if (field.value === field.defaultValue) field.value = text;
  field.defaultValue = text;
}

/** @param {boolean} archived */
export function showArchived(archived) {
  const button = document.getElementById('archive');
  if (!button) return;
  button.textContent = String(archived ? button.dataset.revive : button.dataset.archive);
  /** @type {HTMLInputElement} */ (button.parentElement?.querySelector('[name=archived]')).value = archived ? '0' : '1';
}

export function roomName() {
  return String(byId('room-name').querySelector('bdi').textContent);
}
