/** Fills the rows of the conversation, which templates/_rows.html describes. */
import { hue, showAvatar } from './avatar.js';
import { goneWords, shownName } from './known-people.js';
import { figure, page, t } from './page.js';
import { blankRow, partOf } from './row-templates.js';
import { day, full, iso, sameDay, showTime } from './time.js';

/** Messages of one person closer than this form a group. */
const GROUP_MS = 5 * 60 * 1000;

/**
 * A message as the wire has it; one that is still to be sent has neither seq nor sentAt.
 *
 * @typedef {object} Message
 * @property {'TALK' | 'ENTER' | 'QUIT' | 'CLOSE' | string} type
 * @property {string} roomId
 * @property {string} sender the name as when it was said
 * @property {string} [senderId]
 * @property {string} message
 * @property {number} sentAt in ms
 * @property {number} [seq]
 * @property {string} [clientId]
 * @property {number} [userCount]
 * @property {number} [ref] of EDIT, DELETE and REACT: the message
 * @property {string} [emoji] of REACT
 * @property {boolean} [on] of REACT
 * @property {string} [epoch] the first message of a new one
 * @property {number} [editedAt] of a TALK in a page, in ms
 * @property {string} [editClientId] of the same: what the client called its newest edit
 * @property {string} [original] of the same in an encrypted room: the text of before
 * @property {Message[]} [edits] of the same: all its edits
 * @property {string[]} [mentions] of a TALK or EDIT: userIds, `here` and `all`
 * @property {Record<string, string>} [mentionNames] what each of them is called in the text
 * @property {Record<string, string[]>} [reactions] of the same: userIds by emoji
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
  const row = blankRow('message');
  if (message.seq === undefined) row.removeAttribute('data-seq');
  else row.dataset.seq = String(message.seq);
  row.dataset.at = String(message.sentAt);
  showSender(row, message);
  if (message.clientId) row.dataset.clientId = message.clientId;
  showTime(partOf(row, 'time'), message.sentAt);
  showWhetherToMe(row, edit ?? message);
  write(partOf(row, '.message-text'), message, edit);
  return row;
}

/** Mark a message that mentions one. @param {HTMLElement} row @param {Message | undefined} read as it reads now */
export function showWhetherToMe(row, read) {
  const { senderId, mentions = [] } = read ?? {};
  row.classList.toggle('to-me', senderId !== page.myId && mentions.some((each) => [page.myId, 'here', 'all'].includes(each)));
}

/** Whose message it is: the only place that puts the sender into a row. @param {HTMLElement} row @param {Message} message */
function showSender(row, { sender, senderId = '' }) {
  row.dataset.sender = sender;
  row.dataset.senderId = senderId;
  renameSender(row);
}

/** What the sender of a row is called now. @param {HTMLElement} row */
export function shownSender(row) {
  return shownName(row.dataset.senderId, row.dataset.sender);
}

/** Show the sender by the present name. @param {HTMLElement} row */
export function renameSender(row) {
  const shown = shownSender(row);
  showAvatar(partOf(row, '.avatar'), shown);
  const name = partOf(row, '.sender');
  const gone = goneWords(row.dataset.senderId);
  name.className = `sender ${hue(shown)}${gone ? ' inactive' : ''}`;
  name.firstElementChild.textContent = shown;
  name.replaceChildren(name.firstElementChild, ...(gone ? [` (${gone})`] : []));
}

/** @param {number} at in ms */
export function dayRow(at) {
  const row = blankRow('day');
  row.dataset.at = String(at);
  const time = partOf(row, 'time');
  time.dateTime = iso(at);
  time.textContent = day(at);
  return row;
}

export function newLineRow() {
  return blankRow('new-line');
}

/**
 * One quiet line for everybody who came and went since the last message.
 *
 * @param {Map<string, 'ENTER' | 'QUIT'>} moves each person's last move by userId, oldest first
 * @param {number} at in ms, of the newest
 */
export function announcementRow(moves, at) {
  const row = blankRow('announcement');
  row.title = full(at);
  writeAnnouncement(row, moves);
  return row;
}

/** @param {HTMLElement} row @param {Map<string, 'ENTER' | 'QUIT'>} moves */
export function writeAnnouncement(row, moves) {
  const sentences = [['ENTER', 'entered'], ['QUIT', 'left']]
    .map(([type, key]) => sentence(key, [...moves.keys()].filter((userId) => moves.get(userId) === type).map((userId) => shownName(userId))))
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
 * @param {{ reason?: string, onRetry?: () => void, onTakeBack: () => void, onDiscard: () => void }} unsent with a reason: failed
 */
export function markUnsent(row, { reason, onRetry, onTakeBack, onDiscard }) {
  row.classList.toggle('pending', !reason);
  row.classList.toggle('failed', Boolean(reason));
  row.querySelector('.message-state')?.remove();
  partOf(row, '.message-text').dataset.pending = t('pending');
  if (!reason) return;
  const line = blankRow('unsent');
  line.prepend(reason);
  for (const [decision, run] of Object.entries({ retry: onRetry, 'take-back': onTakeBack, discard: onDiscard })) {
    const button = partOf(line, `[data-decision="${decision}"]`);
    if (run) button.addEventListener('click', run);
    else button.remove();
  }
  row.append(line);
}

/**
 * The focus on a reaction outlives the drawing; if that reaction is gone, its message has it.
 *
 * @param {HTMLElement} row
 * @param {[emoji: string, userIds: string[]][]} reactions
 */
export function showReactions(row, reactions) {
  const focused = /** @type {HTMLElement | null} */ (row.querySelector('.reaction:focus'))?.dataset.emoji;
  row.querySelector('.reactions')?.remove();
  if (reactions.length) row.append(reactionsOf(reactions));
  if (focused) (reactionTo(row, focused) ?? row).focus({ preventScroll: true });
}

/** @param {[emoji: string, userIds: string[]][]} reactions */
function reactionsOf(reactions) {
  const line = blankRow('reactions');
  for (const [emoji, userIds] of reactions) {
    const button = blankRow('reaction');
    const who = userIds.map((userId) => shownName(userId)).join(', ');
    button.dataset.emoji = emoji;
    button.setAttribute('aria-pressed', String(userIds.includes(page.myId ?? '')));
    button.title = who;
    button.prepend(emoji);
    partOf(button, '.figure').textContent = figure(userIds.length);
    partOf(button, '.visually-hidden').append(who);
    line.append(button);
  }
  return line;
}

/** @param {HTMLElement} row @param {string} emoji @returns {HTMLElement | null} */
export function reactionTo(row, emoji) {
  return row.querySelector(`.reaction[data-emoji="${CSS.escape(emoji)}"]`);
}

/** Show or hide the head of a row by what stands above it. @param {HTMLElement} row @param {HTMLElement | null} above */
export function group(row, above) {
  const follows =
    above?.dataset.senderId === row.dataset.senderId &&
    Number(row.dataset.at) - Number(above?.dataset.at) < GROUP_MS &&
    sameDay(Number(row.dataset.at), Number(above?.dataset.at));
  row.classList.toggle('follows', follows);
}

/** The message of a row, as far as the row knows it: its text only where it is sealed. @param {HTMLElement} row @returns {Message} */
export function talkOf(row) {
  const { seq, at, sender = '', senderId, clientId } = row.dataset;
  const message = /** @type {HTMLElement | null} */ (row.querySelector('.message-text'))?.dataset.sealed ?? '';
  return { type: 'TALK', roomId: String(page.roomId), sender, senderId, clientId, message, sentAt: Number(at), seq: seq ? Number(seq) : undefined };
}

/** @param {HTMLElement} row */
export function isOwn(row) {
  return row.dataset.senderId === page.myId;
}
