/**
 * Creates an element by DOM calls. No element is made from HTML strings, so text is never markup.
 *
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes] `true` sets an
 *   empty attribute; `false`, `null` and `undefined` set none
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, '');
    else if (value !== false && value != null) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/** @param {string} name of a mask in css/icons.css */
export function icon(name) {
  return element('span', { class: `icon icon-${name}`, 'aria-hidden': 'true' });
}

/**
 * The element with this id, which the template is bound to have.
 *
 * @param {string} id
 * @returns {any} an HTMLElement of whatever kind the caller knows it to be
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found;
}
