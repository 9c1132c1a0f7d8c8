/** The name of this page's room, wherever the page says it. Others may rename it at any time. */
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

export function roomName() {
  return String(byId('room-name').querySelector('bdi').textContent);
}
