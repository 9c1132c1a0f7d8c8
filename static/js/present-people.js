/** Who is here: the list at the side and the figures in the header. */
import { showAvatar } from './avatar.js';
import { goneWords, onRenamed, shownName } from './known-people.js';
import { address, figure, page, t } from './page.js';
import { marksOf, onRole } from './roles.js';
import { blankRow, partOf } from './row-templates.js';

/** @typedef {[userId: string, shown: string]} Shown */

const MAX_SHOWN = 200;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list
 * @param {HTMLElement} parts.more
 * @param {Iterable<Element>} parts.counts
 * @param {import('./state.js').State} parts.state with `people` (names by
 *   userId, null before the first join) and `userCount`
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function showPeople({ list, more, counts, state, signal }) {
  let drawing = 0;

  // Many may come at once; the list is drawn once a frame.
  const redraw = () => { drawing ||= requestAnimationFrame(draw); };
  state.watch(['people', 'userCount'], redraw);
  onRenamed(redraw, signal);
  onRole(redraw, signal);

  function draw() {
    drawing = 0;
    const { people, userCount } = state.now;
    for (const count of counts) {
      const words = figure(userCount);
      if (count.textContent !== words) count.textContent = words;
      count.closest('.presence')?.classList.toggle('nobody', userCount === 0);
    }
    if (!people) return;
    const shown = [...people].map(([userId, name]) => /** @type {Shown} */ ([userId, shownName(userId, name)])).sort(byName).slice(0, MAX_SHOWN);
    update(shown);
    const rest = userCount - shown.length;
    more.hidden = rest <= 0;
    more.textContent = rest > 0 ? t('and_more', { count: figure(rest) }) : '';
  }

  /** Keep the rows that stay: a focus or a selection in them is not lost. @param {Shown[]} people */
  function update(people) {
    const known = new Map([...list.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.userId, /** @type {HTMLElement} */ (row)]));
    const rows = people.map(([userId, shown]) => {
      const row = known.get(userId) ?? personRow(userId);
      showPerson(row, shown);
      return row;
    });
    if (rows.length !== list.children.length || rows.some((row, i) => row !== list.children[i])) {
      const focused = list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
      list.replaceChildren(...rows);
      if (focused) (focused.isConnected ? focused : list).focus({ preventScroll: true });
    }
  }
}

/** Oneself first, then by the alphabet of the page. @param {Shown} one @param {Shown} other */
function byName([oneId, one], [otherId, other]) {
  if (oneId === page.myId) return -1;
  if (otherId === page.myId) return 1;
  return one.localeCompare(other, page.lang);
}

/** @param {string} userId */
function personRow(userId) {
  const row = blankRow('person');
  row.dataset.userId = userId;
  partOf(row, 'a').setAttribute('href', address(`/rooms/${encodeURIComponent(String(page.roomId))}/members/${userId}`));
  return row;
}

/** @param {HTMLElement} row @param {string} shown */
function showPerson(row, shown) {
  const userId = String(row.dataset.userId);
  const hint = partOf(row, '.hint');
  hint.textContent = marksOf(userId);
  hint.hidden = !hint.textContent;
  row.classList.toggle('inactive', Boolean(goneWords(userId)));
  const name = partOf(row, '.person-name');
  if (name.textContent === shown) return;
  name.textContent = shown;
  row.dataset.name = shown;
  showAvatar(partOf(row, '.avatar'), shown);
}
