/** Updates the open list of a private room's members when one is invited or removed. */
import { showAvatar } from './names.js';
import { blankRow, partOf } from './rows.js';

export function keepMembers() {
  const members = () => document.getElementById('members');

  const rowOf = (/** @type {string} */ name) =>
    /** @type {HTMLElement[]} */ ([...(members()?.children ?? [])]).find((member) => member.dataset.name === name);

  /** @param {string} name */
  function add(name) {
    if (rowOf(name)) return;
    const made = blankRow('member');
    made.dataset.name = name;
    showAvatar(partOf(made, '.avatar'), name);
    partOf(made, '.person-name').textContent = name;
    partOf(made, '[data-name]').textContent = ` ${name}`;
    partOf(made, '[name=name]').value = name;
    members()?.append(made);
    made.scrollIntoView({ block: 'nearest' });
  }

  document.addEventListener('done', (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const { name } = /** @type {CustomEvent<{ name?: string }>} */ (event).detail;
    const list = members();
    if (!list || !name) return;
    if (list.contains(form)) {
      // The focus goes on from beside what it was in.
      list.focus();
      rowOf(name)?.remove();
    } else if (form.action.endsWith('/members')) {
      add(name);
    }
  });
}
