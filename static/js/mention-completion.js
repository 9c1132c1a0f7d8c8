/**
 * Completes a name behind an @ as one writes: members of the room whose names begin with it, or by initial consonants,
 * and the words that mention many. Up and Down choose, Enter and Tab take, Escape lets it be.
 */
import { call } from './api.js';
import { element } from './dom.js';
import { ifFailed } from './errors.js';
import { belongsToInputMethod } from './input-method.js';
import { address, page, t } from './page.js';

const BEGUN = /(?<![\w.+%/-])@([\p{L}\p{M}\p{N}._-]{0,32})$/u;
const ASK_AFTER_MS = 120;
const MOST = 6;

/** @typedef {{ name: string, displayName?: string }} Choice */

/**
 * @param {object} parts
 * @param {HTMLTextAreaElement} parts.input
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function completeMentions({ input, signal }) {
  const list = element('ul', { class: 'choices', id: 'mention-choices', role: 'listbox', 'aria-label': t('mention_whom'), hidden: true });
  /** @type {Choice[]} */
  let choices = [];
  let chosen = 0;
  let timer = 0;
  input.before(list);
  input.setAttribute('aria-controls', list.id);

  const begun = () => (input.selectionStart === input.selectionEnd ? BEGUN.exec(input.value.slice(0, input.selectionStart)) : null);

  function close() {
    clearTimeout(timer);
    list.hidden = true;
    input.removeAttribute('aria-activedescendant');
  }

  function look() {
    clearTimeout(timer);
    const found = begun();
    if (found) timer = setTimeout(ask, ASK_AFTER_MS, found[1]);
    else close();
  }

  /** @param {string} q */
  async function ask(q) {
    const query = new URLSearchParams({ q, limit: String(MOST) });
    const answer = await call('GET', address(`/api/rooms/${page.roomId}/members?${query}`)).catch(ifFailed(null));
    if (!answer || signal.aborted || begun()?.[1] !== q) return;
    const words = ['here', 'all'].filter((word) => word.startsWith(q.toLowerCase()));
    choices = [
      ...answer.members.filter((/** @type {any} */ { userId }) => userId !== page.myId),
      ...words.map((name) => ({ name, displayName: t(`mention_${name}`) })),
    ];
    chosen = 0;
    show();
  }

  function show() {
    if (!choices.length) return close();
    list.replaceChildren(...choices.map(({ name, displayName }, i) => {
      const choice = element('li', { role: 'option', id: `mention-${i}`, 'aria-selected': String(i === chosen) }, element('bdi', {}, name));
      if (displayName) choice.append(' ', element('span', { class: 'hint' }, displayName));
      choice.addEventListener('pointerdown', (event) => {
        event.preventDefault();
        take(i);
      });
      return choice;
    }));
    list.hidden = false;
    input.setAttribute('aria-activedescendant', `mention-${chosen}`);
  }

  /** @param {number} i */
  function take(i) {
    const found = begun();
    if (!found) return;
    input.setRangeText(`@${choices[i].name} `, input.selectionStart - found[0].length, input.selectionStart, 'end');
    close();
    input.dispatchEvent(new Event('input'));
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (list.hidden || belongsToInputMethod(event)) return;
    const step = { ArrowDown: 1, ArrowUp: choices.length - 1 }[event.key];
    if (step !== undefined) {
      chosen = (chosen + step) % choices.length;
      show();
    } else if (event.key === 'Escape') close();
    else if (!event.shiftKey && ['Enter', 'Tab'].includes(event.key)) take(chosen);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // Before the composer sends.
  input.addEventListener('keydown', key, { capture: true, signal });
  input.addEventListener('input', look, { signal });
  input.addEventListener('click', look, { signal });
  input.addEventListener('blur', close, { signal });
  signal.addEventListener('abort', close);
}
