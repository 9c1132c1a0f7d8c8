/**
 * The field for writing messages. With a keyboard Enter sends and Shift+Enter starts a new line. On a
 * touch screen, which has no Shift to hold, Enter starts a new line, and the button sends.
 *
 * The draft is deleted only after the outbox has stored the message, so the text is never lost between.
 */
import { byId } from './dom.js';
import { belongsToInputMethod } from './input-method.js';
import { figure, t } from './page.js';

/** The counter shows from this share of the limit on. */
const NEAR_LIMIT_SHARE = 0.9;
/** Nothing to see, as the server sees it: white space, format characters, fillers. */
const VISIBLE = /[^\s\p{Cf}\u115f\u1160\u2800\u3164\uffa0]/u;
const TOUCHED = matchMedia('(pointer: coarse)').matches && !matchMedia('(any-pointer: fine)').matches;

/** @typedef {import('./drafts.js').Draft} Draft */

/**
 * @param {object} parts
 * @param {HTMLFormElement} parts.form
 * @param {HTMLTextAreaElement} parts.input
 * @param {HTMLOutputElement} parts.counter
 * @param {HTMLElement} parts.editing the line that says so while a message is being edited
 * @param {ReturnType<typeof import('./drafts.js').createDrafts>} parts.drafts
 * @param {(text: string) => number} parts.room characters left; negative: too long
 * @param {number} parts.max
 * @param {(text: string) => Promise<void>} parts.onSend resolves when it is kept
 * @param {(edit: import('./drafts.js').Edit) => Promise<void>} parts.onSave the same, of an edited message
 * @param {() => void} parts.onTyping
 * @param {() => void} parts.onEditLast Up was pressed with nothing written
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createComposer({ form, input, counter, editing, drafts, room, max, onSend, onSave, onTyping, onEditLast, signal }) {
  const growsByItself = CSS.supports('field-sizing', 'content');
  const draft = drafts.load();
  /** Sent, and not kept yet. @type {Set<string>} */
  const leaving = new Set();
  let composing = false;
  let sendAfterComposing = false;
  let shut = false;
  /** Where the focus went when the field was shut under it. @type {HTMLElement | null} */
  let standIn = null;

  function send() {
    if (composing) {
      // A click on the button in the middle of a syllable: let it be finished, or it is lost or doubled.
      sendAfterComposing = true;
      input.blur();
      input.focus();
      return;
    }
    const text = input.value.trimEnd();
    if (shut || !VISIBLE.test(text) || room(text) < 0) return;
    const edit = draft.edit;
    leaving.add(text);
    if (edit) draft.edit = null;
    else draft.text = '';
    show();
    input.focus();
    hand(text, edit ? onSave({ ...edit, text }) : onSend(text));
  }

  /** @param {string} text @param {Promise<void>} kept */
  async function hand(text, kept) {
    try {
      await kept;
      leaving.delete(text);
      save();
    } catch (problem) {
      // Whatever it was, the words are not lost.
      leaving.delete(text);
      append(text);
      throw problem;
    }
  }

  /** Put the words of a message of one's own in here. @param {import('./drafts.js').Edit} begun */
  function edit(begun) {
    draft.edit = begun;
    show();
    input.focus();
  }

  /** Put words back that could not be sent, behind what is written. @param {string} text */
  function append(text) {
    draft.text = together(draft.text, text);
    show();
  }

  function endEditing() {
    draft.edit = null;
    show();
  }

  /** Show the draft as it is now. */
  function show() {
    editing.hidden = !draft.edit;
    input.value = (draft.edit ?? draft).text;
    measure();
    save();
  }

  function changed() {
    (draft.edit ?? draft).text = input.value;
    measure();
    save();
  }

  function save() {
    drafts.save({ ...draft, text: together(...leaving, draft.text) });
  }

  /** To the line that says why one may not write; what covers the conversation takes the focus itself. */
  function yieldFocus() {
    const reason = byId('read-only');
    standIn = reason.hidden ? byId('log') : reason;
    standIn?.focus({ preventScroll: true });
  }

  function takeFocusBack() {
    const stayed = standIn && [standIn, document.body].some((place) => place === document.activeElement);
    standIn = null;
    if (stayed) input.focus({ preventScroll: true });
  }

  function measure() {
    const left = room(input.value);
    form.classList.toggle('unsendable', !VISIBLE.test(input.value) || left < 0);
    if (!growsByItself) grow();
    count(left);
  }

  function grow() {
    input.style.blockSize = 'auto';
    input.style.blockSize = `${input.scrollHeight}px`;
  }

  /** @param {number} left characters */
  function count(left) {
    counter.hidden = left > max * (1 - NEAR_LIMIT_SHARE);
    counter.classList.toggle('over', left < 0);
    const key = left < 0 ? 'over' : 'left';
    const number = Math.abs(left);
    counter.textContent = t(number === 1 ? `${key}_one_char` : `${key}_many_chars`, { count: figure(number) });
  }

  /** What closed tabs left behind; an edit among it is finished where none is begun here. @param {Draft[]} orphans */
  function take(orphans) {
    const edits = orphans.flatMap((orphan) => orphan.edit ?? []);
    if (!draft.edit && !draft.text) draft.edit = edits.shift() ?? null;
    draft.text = together(...orphans.map(({ text }) => text), ...edits.map(({ text }) => text), draft.text);
    show();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  input.addEventListener('keydown', (event) => {
    if (belongsToInputMethod(event)) return;
    if (event.key === 'Escape' && draft.edit) endEditing();
    if (event.key === 'ArrowUp' && !input.value && !draft.edit) {
      event.preventDefault();
      onEditLast();
    }
    const sends = TOUCHED ? event.ctrlKey || event.metaKey : !event.shiftKey;
    if (event.key !== 'Enter' || !sends) return;
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
    if (input.value && !draft.edit) onTyping();
  });
  editing.querySelector('button')?.addEventListener('click', () => {
    endEditing();
    input.focus();
  });
  addEventListener('pagehide', drafts.letGo, { signal });
  // Somebody comes back to this tab, maybe from one that he or she has closed. What is begun here is left alone.
  addEventListener('focus', () => { if (!shut && !draft.text && !draft.edit) drafts.adopt(take); }, { signal });
  addEventListener('pageshow', (event) => { if (event.persisted) drafts.hold(); }, { signal });

  if (TOUCHED) {
    input.enterKeyHint = 'enter';
    for (const hint of form.querySelectorAll('[data-when-touched]')) hint.textContent = t('enter_breaks');
  }
  show();
  drafts.hold().then(() => drafts.adopt(take));

  return {
    edit,
    append,

    /** The message is there no more: new words for it become a message of their own. @param {number} seq */
    forgetMessage(seq) {
      if (draft.edit?.seq !== seq) return false;
      draft.text = together(draft.text, draft.edit.text);
      endEditing();
      return true;
    },

    /** All that is written, taken out of here. @returns {string} */
    empty() {
      const text = together(draft.text, draft.edit?.text ?? '');
      Object.assign(draft, { text: '', edit: null });
      show();
      return text;
    },

    /** Nobody may write now. @param {boolean} closed */
    shut(closed) {
      const focused = document.activeElement === input;
      shut = closed;
      input.disabled = closed;
      form.classList.toggle('shut', closed);
      if (closed && focused) yieldFocus();
      else if (!closed) takeFocusBack();
    },

    focus() {
      input.focus({ preventScroll: true });
    },
  };
}

/** Each on lines of its own, and none twice. @param {...string} texts */
function together(...texts) {
  return [...new Set(texts.filter(Boolean))].join('\n');
}

/** Code points, as the server counts. @param {string} text */
export function codePoints(text) {
  return Array.from(text).length;
}
