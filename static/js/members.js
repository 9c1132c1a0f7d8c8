/** Updates the open list of a private room's members when one is invited or removed. */
import { avatar } from './names.js';

export function keepMembers() {
  const list = document.getElementById('members');
  const row = /** @type {HTMLTemplateElement | null} */ (document.getElementById('member-row'));

  const rowOf = (/** @type {string} */ name) =>
    /** @type {HTMLElement[]} */ ([...(list?.children ?? [])]).find((member) => member.dataset.name === name);

  /** @param {string} name */
  function add(name) {
    const made = /** @type {HTMLElement | null | undefined} */ (row?.content.firstElementChild?.cloneNode(true));
    if (!made || rowOf(name)) return;
    made.dataset.name = name;
    made.prepend(avatar(name));
    /** @type {HTMLElement} */ (made.querySelector('.person-name')).textContent = name;
    /** @type {HTMLElement} */ (made.querySelector('[data-name]')).textContent = ` ${name}`;
    /** @type {HTMLInputElement} */ (made.querySelector('[name=name]')).value = name;
    list?.append(made);
    made.scrollIntoView({ block: 'nearest' });
  }

  document.addEventListener('done', (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const { name } = /** @type {CustomEvent<{ name?: string }>} */ (event).detail;
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
