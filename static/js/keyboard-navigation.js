/**
 * Keyboard navigation of the conversation, which is one Tab stop. Up, Down, Home and End move between
 * messages; Escape moves to the whole conversation. Tab moves to the links, reactions and actions of the
 * focused message only. Code blocks stay Tab stops, since they may have to be scrolled.
 *
 * @param {HTMLElement} log
 */
export function prepareKeyboardNavigation(log) {
  const REACHED = 'a, .reaction';
  /** @type {HTMLElement | null} */
  let current = null;

  /** @param {Element} part */
  function settle(part) {
    /** @type {HTMLElement} */ (part).tabIndex = part.closest('.message') === current ? 0 : -1;
  }

  /** @param {HTMLElement | null} row */
  function enter(row) {
    if (row === current) return;
    const before = current;
    current = row;
    for (const part of before?.querySelectorAll(REACHED) ?? []) settle(part);
    for (const part of row?.querySelectorAll(REACHED) ?? []) settle(part);
  }

  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.matches(REACHED)) settle(node);
        node.querySelectorAll(REACHED).forEach(settle);
      }
    }
  }).observe(log, { childList: true, subtree: true });
  log.querySelectorAll(REACHED).forEach(settle);

  log.addEventListener('focusin', ({ target }) => {
    enter(/** @type {Element} */ (target).closest('.message'));
  });

  log.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const rows = /** @type {HTMLElement[]} */ ([...log.querySelectorAll('.message')]);
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('.message'));
    const at = row ? rows.indexOf(row) : rows.length;
    const next = { ArrowUp: rows[at - 1], ArrowDown: rows[at + 1], Home: rows[0], End: rows.at(-1), Escape: row && log }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
