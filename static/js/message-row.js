/**
 * Creates the rows of the conversation, with the same elements as templates/_message.html, so that rows
 * made by the server and by script look and behave alike. docs/interface.md describes them.
 */
import { aside, element } from './dom.js';
import { avatar, hue } from './names.js';
import { figure, page, t } from './page.js';
import { clock, day, full, iso, sameDay } from './time.js';

/** Messages of one person closer than this form a group. */
const GROUP_MS = 5 * 60 * 1000;

/**
 * A message as the wire has it; one that is still to be sent has neither seq nor sentAt.
 *
 * @typedef {object} Message
 * @property {'TALK' | 'ENTER' | 'QUIT' | 'CLOSE' | string} type
 * @property {string} roomId
 * @property {string} sender
 * @property {string} message
 * @property {number} sentAt in ms
 * @property {number} [seq]
 * @property {string} [clientId]
 * @property {number} [userCount]
 * @property {number} [ref] of EDIT, DELETE and REACT: the message
 * @property {string} [emoji] of REACT
 * @property {boolean} [on] of REACT
 * @property {string} [epoch] the first message of a new one
 */

/**
 * Puts the text into its row, formatted or decrypted: that of the edit, if there is one.
 *
 * @typedef {(into: HTMLElement, talk: Message, edit?: Message) => void} Write
 */

/**
 * @param {Message} message
 * @param {Write} write
 * @param {Message} [edit] the newest one
 * @returns {HTMLElement}
 */
export function messageRow(message, write, edit) {
  const text = element('div', { class: 'message-text', dir: 'auto', 'data-edited': t('edited') });
  write(text, message, edit);
  return element(
    'li',
    {
      class: 'message',
      tabindex: -1,
      'data-seq': message.seq,
      'data-at': message.sentAt,
      'data-sender': message.sender,
      'data-client-id': message.clientId,
    },
    avatar(message.sender),
    element(
      'p',
      { class: 'message-head' },
      element('b', { class: `sender ${hue(message.sender)}` }, element('bdi', {}, message.sender)),
      ' ',
      timeOf(message.sentAt),
    ),
    text,
  );
}

/** @param {number} at in ms */
function timeOf(at) {
  return element('time', { 'data-at': at, datetime: iso(at), title: full(at) }, clock(at));
}

/** @param {number} at in ms */
export function dayRow(at) {
  return element('li', { class: 'day', 'data-at': at }, element('time', { datetime: iso(at) }, day(at)));
}

export function newLineRow() {
  return element('li', { class: 'new-line' }, t('new_line'));
}

/**
 * One quiet line for everybody who came and went since the last message.
 *
 * @param {Map<string, 'ENTER' | 'QUIT'>} moves each person's last move, oldest first
 * @param {number} at in ms, of the newest
 */
export function noticeRow(moves, at) {
  const row = element('li', { class: 'notice', title: full(at) });
  writeNotice(row, moves);
  return row;
}

/** @param {HTMLElement} row @param {Map<string, 'ENTER' | 'QUIT'>} moves */
export function writeNotice(row, moves) {
  const sentences = [['ENTER', 'entered'], ['QUIT', 'left']]
    .map(([type, key]) => sentence(key, [...moves.keys()].filter((name) => moves.get(name) === type)))
    .filter(Boolean);
  row.textContent = sentences.join(' · ');
}

/** @param {string} key @param {string[]} names */
function sentence(key, names) {
  const [name, other] = names;
  if (names.length > 2) return t(`${key}_many`, { name, count: names.length - 1 });
  if (names.length === 2) return t(`${key}_two`, { name, other });
  return names.length ? t(`${key}_one`, { name }) : '';
}

/**
 * The line under a message that is not yet, or not at all, sent.
 *
 * @param {HTMLElement} row
 * @param {{ reason?: string, onRetry?: () => void, onTakeBack: () => void, onDiscard: () => void }} entry with a reason: failed
 */
export function markUnsent(row, { reason, onRetry, onTakeBack, onDiscard }) {
  row.classList.toggle('pending', !reason);
  row.classList.toggle('failed', Boolean(reason));
  row.querySelector('.message-state')?.remove();
  /** @type {HTMLElement} */ (row.querySelector('.message-text')).dataset.pending = t('pending');
  if (!reason) return;
  const decisions = [['retry', onRetry], ['take_back', onTakeBack], ['discard', onDiscard]].flatMap(([key, run]) => {
    if (!run) return [];
    const made = element('button', { type: 'button' }, t(String(key)));
    made.addEventListener('click', /** @type {() => void} */ (run));
    return made;
  });
  row.append(element('p', { class: 'message-state', role: 'alert' }, reason, ...decisions));
}

/**
 * The focus on a reaction outlives the drawing; if that reaction is gone, its message has it.
 *
 * @param {HTMLElement} row
 * @param {[emoji: string, names: string[]][]} reactions
 */
export function showReactions(row, reactions) {
  const focused = /** @type {HTMLElement | null} */ (row.querySelector('.reaction:focus'))?.dataset.emoji;
  row.querySelector('.reactions')?.remove();
  if (reactions.length) row.append(reactionsOf(reactions));
  if (focused) (reactionTo(row, focused) ?? row).focus({ preventScroll: true });
}

/** @param {[emoji: string, names: string[]][]} reactions */
function reactionsOf(reactions) {
  const buttons = reactions.map(([emoji, names]) => element(
    'button',
    { class: 'reaction', type: 'button', 'data-emoji': emoji, 'aria-pressed': String(names.includes(page.me ?? '')), title: names.join(', ') },
    emoji,
    ' ',
    element('span', { class: 'figure' }, figure(names.length)),
    aside(` ${names.join(', ')}`),
  ));
  return element('p', { class: 'reactions' }, ...buttons);
}

/** @param {HTMLElement} row @param {string} emoji @returns {HTMLElement | null} */
export function reactionTo(row, emoji) {
  return row.querySelector(`.reaction[data-emoji="${CSS.escape(emoji)}"]`);
}

/** Show or hide the head of a row by what stands above it. @param {HTMLElement} row @param {HTMLElement | null} above */
export function group(row, above) {
  const follows =
    above?.dataset.sender === row.dataset.sender &&
    Number(row.dataset.at) - Number(above?.dataset.at) < GROUP_MS &&
    sameDay(Number(row.dataset.at), Number(above?.dataset.at));
  row.classList.toggle('follows', follows);
}

/** The message of a row, as far as the row knows it: its text only where it is sealed. @param {HTMLElement} row @returns {Message} */
export function talkOf(row) {
  const { seq, at, sender = '', clientId } = row.dataset;
  const message = /** @type {HTMLElement | null} */ (row.querySelector('.message-text'))?.dataset.sealed ?? '';
  return { type: 'TALK', roomId: String(page.roomId), sender, clientId, message, sentAt: Number(at), seq: seq ? Number(seq) : undefined };
}

/** @param {HTMLElement} row */
export function isOwn(row) {
  return row.dataset.sender === page.me;
}
