/**
 * What was typed into a form while its login had ended: kept over the way to the door and back, for the
 * same account and the same form. Passwords are never kept.
 */
import { read, remove, write } from './storage.js';

const TYPED = 'input:not([type="hidden"], [type="password"])';

/** @param {HTMLFormElement} form */
const path = (form) => `form${new URL(form.action).pathname}`;

/** @param {HTMLFormElement} form @returns {HTMLInputElement[]} */
const inputs = (form) => [...form.querySelectorAll(/** @type {'input'} */ (TYPED))];

/** @param {HTMLFormElement} form */
export function keepForm(form) {
  write(path(form), Object.fromEntries(inputs(form).map(({ name, type, value, checked }) => [name, type === 'checkbox' ? checked : value])));
}

/** @param {HTMLFormElement} form */
export function bringBack(form) {
  const kept = read(path(form));
  if (!kept) return;
  remove(path(form));
  for (const input of inputs(form)) {
    const value = kept[input.name];
    if (typeof value === 'boolean') input.checked = value;
    else if (typeof value === 'string') input.value = value;
  }
}
