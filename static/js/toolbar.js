/**
 * Keyboard navigation of a toolbar, as its ARIA role requires: one Tab stop; arrow keys, Home and End
 * move between buttons; Escape leaves it.
 *
 * @param {HTMLElement} bar with role=toolbar
 * @param {() => void} onEscape
 */
export function makeToolbar(bar, onEscape) {
  const buttons = () => /** @type {HTMLElement[]} */ ([...bar.querySelectorAll('button:not([hidden])')]);

  /** @param {Element} chosen the one that the Tab key reaches */
  function reach(chosen) {
    for (const button of bar.querySelectorAll('button')) button.tabIndex = button === chosen ? 0 : -1;
  }

  bar.addEventListener('keydown', (event) => {
    const all = buttons();
    const at = all.indexOf(/** @type {HTMLElement} */ (event.target));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Escape') onEscape();
    else if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    else all[(to + all.length) % all.length].focus();
    event.preventDefault();
    event.stopPropagation();
  });
  bar.addEventListener('focusin', (event) => reach(/** @type {Element} */ (event.target)));

  return {
    /** The Tab key reaches the first button again. */
    reset() {
      const [first] = buttons();
      reach(first);
    },
  };
}
