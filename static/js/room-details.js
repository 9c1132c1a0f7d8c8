/** The name, description, state and limits of this page's room, wherever the page says them. Others may rename it at any time. */
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
  showField('describe', text);
}

/** @param {boolean} archived */
export function showArchived(archived) {
  const button = document.getElementById('archive');
  if (!button) return;
  button.textContent = String(archived ? button.dataset.revive : button.dataset.archive);
  /** @type {HTMLInputElement} */ (button.parentElement?.querySelector('[name=archived]')).value = archived ? '0' : '1';
}

/** @param {number} days how long messages are kept by a limit of the room's own, 0 for none */
export function showHistoryDays(days) {
  const line = byId('about-days');
  const all = Number(line.dataset.all);
  const kept = Math.min(days || all, all || days);
  line.textContent = String(line.dataset.words).replace('{days}', String(kept));
  line.hidden = !kept;
  showField('keep', days ? String(days) : '');
}

/** What others have saved, unless one is typing something else. @param {string} id @param {string} text */
function showField(id, text) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById(id));
  if (!field) return;
  if (field.value === field.defaultValue) field.value = text;
  field.defaultValue = text;
}

export function roomName() {
  return String(byId('room-name').querySelector('bdi').textContent);
}
