/**
 * Completes the names of people and rooms as one types: a whole field, or the filter at the caret (`from:bo`).
 * The field is a combobox with a list below it (WAI-ARIA); the arrow keys and Enter choose, Escape closes.
 */
import { hue, initials } from './avatar.js';
import { element } from './dom.js';
import { ifFailed } from './errors.js';
import { httpRequest, jsonOf } from './http.js';
import { belongsToInputMethod } from './input-method.js';
import { address } from './page.js';

const WAIT_MS = 100;
const MOST = 8;
/** What the filters name. @type {Record<string, Kind>} */
const KINDS = { from: 'people', in: 'rooms' };
const FILTER = /(?:^|\s)(from|in):(?:"([^"]*)|([^\s"]*))$/i;

/** @typedef {'people' | 'rooms'} Kind */
/** @typedef {{ value: string, shown: string, hint: string, kind: Kind }} Name */
/** What is being typed: a name of that kind, from `begin` to `end`. @typedef {{ kind: Kind, text: string, begin: number, end: number }} Typed */

/** @param {ParentNode} root whose fields with `data-completes` are completed */
export function completeNames(root) {
  root.querySelectorAll('[data-completes]').forEach((field) => completeField(/** @type {HTMLInputElement} */ (field)));
}

/** @param {HTMLInputElement} field */
function completeField(field) {
  const list = element('ul', { class: 'completions', id: `${field.id}-completions`, role: 'listbox', 'aria-label': field.labels?.[0]?.textContent, hidden: true });
  field.parentElement?.classList.add('completing');
  field.after(list);
  for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': list.id })) {
    field.setAttribute(name, value);
  }
  /** @type {Name[]} */
  let names = [];
  /** @type {Typed | null} */
  let typed = null;
  let chosen = -1;
  let timer = 0;
  let looks = 0;

  async function look() {
    const wanted = typedIn(field);
    const own = ++looks;
    if (!wanted) return hide();
    const found = await namesLike(wanted).catch(ifFailed(/** @type {Name[]} */ ([])));
    if (own !== looks || document.activeElement !== field) return;
    names = found;
    typed = wanted;
    list.replaceChildren(...names.map((name, at) => row(name, `${list.id}-${at}`)));
    list.hidden = !names.length;
    field.setAttribute('aria-expanded', String(!list.hidden));
    mark(-1);
  }

  function hide() {
    looks += 1;
    clearTimeout(timer);
    list.hidden = true;
    field.setAttribute('aria-expanded', 'false');
    mark(-1);
  }

  /** @param {number} at */
  function mark(at) {
    chosen = at;
    [...list.children].forEach((each, place) => each.setAttribute('aria-selected', String(place === at)));
    if (at < 0) return field.removeAttribute('aria-activedescendant');
    field.setAttribute('aria-activedescendant', list.children[at].id);
    list.children[at].scrollIntoView({ block: 'nearest' });
  }

  /** @param {number} at */
  function choose(at) {
    if (!typed) return;
    const words = field.dataset.completes === 'filter' ? `${quoted(names[at].value)} ` : names[at].value;
    field.setRangeText(words, typed.begin, typed.end, 'end');
    hide();
  }

  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  field.addEventListener('blur', hide);
  field.addEventListener('keydown', (event) => {
    if (list.hidden || belongsToInputMethod(event)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      // Between the last and the first stands the field itself.
      mark((chosen + 1 + step + names.length + 1) % (names.length + 1) - 1);
    } else if (event.key === 'Escape') {
      hide();
    } else if (event.key === 'Enter' && chosen >= 0) {
      choose(chosen);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  // A press would take the focus out of the field, which closes the list.
  list.addEventListener('pointerdown', (event) => event.preventDefault());
  list.addEventListener('mousedown', (event) => event.preventDefault());
  list.addEventListener('click', ({ target }) => {
    const pressed = /** @type {Element} */ (target).closest('[role="option"]');
    if (pressed) choose([...list.children].indexOf(pressed));
  });
}

/** @param {HTMLInputElement} field @returns {Typed | null} */
function typedIn(field) {
  const { completes } = field.dataset;
  if (completes === 'people' || completes === 'rooms') {
    return field.value.trim() ? { kind: completes, text: field.value.trim(), begin: 0, end: field.value.length } : null;
  }
  const end = field.selectionStart ?? 0;
  const found = FILTER.exec(field.value.slice(0, end));
  if (!found) return null;
  const kind = KINDS[found[1].toLowerCase()];
  const begin = end - found[0].trimStart().length + found[1].length + 1;
  return { kind, text: (found[2] ?? found[3]).replace(/^[@#]/, ''), begin, end };
}

/** @param {Typed} typed @returns {Promise<Name[]>} */
async function namesLike({ kind, text }) {
  const path = `/api/${kind}?limit=${MOST}&q=${encodeURIComponent(text)}`;
  const answer = await httpRequest(address(path), { headers: { Accept: 'application/json' } });
  if (!answer.ok) return [];
  const told = await jsonOf(answer);
  if (kind === 'people') {
    return told.people.map((/** @type {any} */ { name, displayName }) => ({ kind, value: name, shown: displayName, hint: name === displayName ? '' : name }));
  }
  return told.rooms
    .filter((/** @type {any} */ room) => room.kind !== 'direct' && !room.encrypted)
    .map((/** @type {any} */ { roomId, name }) => ({ kind, value: name.includes('"') ? roomId : name, shown: name, hint: '' }));
}

/** @param {string} value */
function quoted(value) {
  return /\s/.test(value) ? `"${value}"` : value;
}

/** @param {Name} name @param {string} id */
function row({ kind, shown, hint }, id) {
  const made = element('li', { id, role: 'option', 'aria-selected': 'false' });
  if (kind === 'people') made.append(element('span', { class: `avatar ${hue(shown)}`, 'aria-hidden': 'true' }, initials(shown)));
  made.append(element('span', { dir: 'auto' }, shown));
  if (hint) made.append(element('span', { class: 'hint' }, hint));
  return made;
}
