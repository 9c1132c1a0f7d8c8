/**
 * Where one writes. Enter sends and Shift+Enter breaks the line; while a syllable is being composed
 * (Hangul, and every other input method) Enter belongs to the input method.
 */
import { figure, page, t } from './page.js';

/** The counter shows from this share of the limit on. */
const NEAR_LIMIT = 0.9;
const INPUT_METHOD = 229;
/** Nothing to see, as the server sees it: white space, format characters, fillers. */
const VISIBLE = /[^\s\p{Cf}\u115f\u1160\u2800\u3164\uffa0]/u;

/**
 * @param {object} parts
 * @param {HTMLFormElement} parts.form
 * @param {HTMLTextAreaElement} parts.input
 * @param {HTMLOutputElement} parts.counter
 * @param {HTMLElement} parts.editing the line that says so while a message is being edited
 * @param {(text: string) => number} parts.room characters left; negative: too long
 * @param {number} parts.max
 * @param {(text: string) => void} parts.onSend
 * @param {() => void} parts.onTyping
 * @param {() => void} parts.onEditLast Up was pressed with nothing written
 */
export function createComposer({ form, input, counter, editing, room, max, onSend, onTyping, onEditLast }) {
  const draft = `maru.draft.${page.me}.${page.roomId}`;
  const growsByItself = CSS.supports('field-sizing', 'content');
  let composing = false;
  let sendAfterComposing = false;
  let shut = false;
  /** Takes the new words while a message is being edited. @type {((text: string) => void) | null} */
  let save = null;

  function send() {
    if (composing) {
      // A click on the button in the middle of a syllable: let it be finished, or it is lost or doubled.
      sendAfterComposing = true;
      input.blur();
      input.focus();
      return;
    }
    const text = input.value.replace(/\s+$/, '');
    if (shut || !VISIBLE.test(text) || room(text) < 0) return;
    if (save) {
      save(text);
      endEditing();
    } else {
      input.value = '';
      changed();
      onSend(text);
    }
    input.focus();
  }

  /** @param {string} text @param {(text: string) => void} onSave */
  function edit(text, onSave) {
    save = onSave;
    editing.hidden = false;
    input.value = text;
    changed();
    input.focus();
  }

  function endEditing() {
    if (!save) return;
    save = null;
    editing.hidden = true;
    input.value = localStorage.getItem(draft) ?? '';
    changed();
  }

  function changed() {
    const text = input.value;
    const left = room(text);
    form.classList.toggle('unsendable', !VISIBLE.test(text) || left < 0);
    if (!growsByItself) grow();
    count(left);
    if (save) return;
    if (text) localStorage.setItem(draft, text);
    else localStorage.removeItem(draft);
  }

  function grow() {
    input.style.blockSize = 'auto';
    input.style.blockSize = `${input.scrollHeight}px`;
  }

  /** @param {number} left characters */
  function count(left) {
    counter.hidden = left > max * (1 - NEAR_LIMIT);
    counter.classList.toggle('over', left < 0);
    const key = left < 0 ? 'over' : 'left';
    const number = Math.abs(left);
    counter.textContent = t(number === 1 ? `${key}_one_char` : `${key}_many_chars`, { count: figure(number) });
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') endEditing();
    if (event.key === 'ArrowUp' && !input.value && !save) {
      event.preventDefault();
      onEditLast();
    }
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === INPUT_METHOD) return;
    event.preventDefault();
    send();
  });
  input.addEventListener('compositionstart', () => { composing = true; });
  input.addEventListener('compositionend', () => {
    composing = false;
    if (!sendAfterComposing) return;
    sendAfterComposing = false;
    // The input event that belongs to this end has yet to come.
    setTimeout(send);
  });
  input.addEventListener('input', () => {
    changed();
    if (input.value && !save) onTyping();
  });
  editing.querySelector('button')?.addEventListener('click', () => {
    endEditing();
    input.focus();
  });

  input.value = localStorage.getItem(draft) ?? '';
  changed();

  return {
    edit,
    /** Nobody may write now. @param {boolean} closed */
    shut(closed) {
      shut = closed;
      input.disabled = closed;
      form.classList.toggle('shut', closed);
    },
    forgetDraft() {
      localStorage.removeItem(draft);
    },
    focus() {
      input.focus({ preventScroll: true });
    },
  };
}

/** Code points, as the server counts. @param {string} text */
export function codePoints(text) {
  return Array.from(text).length;
}
