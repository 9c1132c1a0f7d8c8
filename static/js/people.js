/** Who is here: the list at the side and the figures in the header. */
import { showAvatar } from './names.js';
import { figure, page, t } from './page.js';
import { blankRow, partOf } from './rows.js';

const SHOWN = 200;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list
 * @param {HTMLElement} parts.more
 * @param {Iterable<Element>} parts.counts
 * @param {ReturnType<typeof import('./state.js').createState>} parts.state with `people` (a Set of
 *   names, null before the first join) and `userCount`
 */
export function showPeople({ list, more, counts, state }) {
  let drawing = 0;

  state.watch(['people', 'userCount'], () => {
    // Many may come at once; the list is drawn once a frame.
    drawing ||= requestAnimationFrame(draw);
  });

  function draw() {
    drawing = 0;
    const { people, userCount } = state.now;
    for (const count of counts) {
      const words = figure(userCount);
      if (count.textContent !== words) count.textContent = words;
      count.closest('.presence')?.classList.toggle('nobody', userCount === 0);
    }
    if (!people) return;
    const names = [...people].sort(byName).slice(0, SHOWN);
    update(names);
    const rest = userCount - names.length;
    more.hidden = rest <= 0;
    more.textContent = rest > 0 ? t('and_more', { count: figure(rest) }) : '';
  }

  /** Keep the rows that stay: a focus or a selection in them is not lost. @param {string[]} names */
  function update(names) {
    const known = new Map([...list.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.name, row]));
    const rows = names.map((name) => known.get(name) ?? personRow(name));
    if (rows.length !== list.children.length || rows.some((row, i) => row !== list.children[i])) {
      list.replaceChildren(...rows);
    }
  }
}

/** Oneself first, then by the alphabet of the page. @param {string} one @param {string} other */
function byName(one, other) {
  if (one === page.me) return -1;
  if (other === page.me) return 1;
  return one.localeCompare(other, page.lang);
}

/** @param {string} name */
function personRow(name) {
  const row = blankRow('person');
  row.dataset.name = name;
  showAvatar(partOf(row, '.avatar'), name);
  partOf(row, '.person-name').textContent = name;
  if (name !== page.me) partOf(row, '.hint').remove();
  return row;
}
