/** Shows people and direct rooms as they are called now, wherever the page names them outside of its lists. */
import { showAvatar } from './avatar.js';
import { onRenamed, shownName } from './known-people.js';
import { page } from './page.js';

/** Letters of scripts from right to left. */
const FROM_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** A direct room is called as its other people are. @param {string[]} others userIds @returns {string} empty without others */
export function directRoomName(others) {
  const names = others.map((userId) => shownName(userId)).sort();
  // chat/web/pages/rail.py says why.
  if (names.length === 1 || !names.some((name) => FROM_RIGHT.test(name))) return names.join(', ');
  return `\u200e${names.map((name) => `\u2068${name}\u2069`).join(', ')}`;
}

/** Elements with `data-person` have that person's name; one's own stands beside one's picture. */
export function updateShownNames() {
  onRenamed((userId) => {
    for (const place of /** @type {Iterable<HTMLElement>} */ (document.querySelectorAll(`[data-person="${CSS.escape(userId)}"]`))) {
      place.textContent = shownName(userId);
    }
    const picture = /** @type {HTMLElement | null} */ (document.querySelector('.rail-me .avatar'));
    if (userId === page.myId && picture) showAvatar(picture, shownName(userId));
  });
}
