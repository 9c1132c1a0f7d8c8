/**
 * The page of a room: makes its parts and ties them together. What changes stands in `state`; what
 * was said goes connection -> membership -> conversation -> timeline, what is written goes
 * composer -> outbox -> connection and comes back the same way as everybody else's words.
 */
import { prepareActions } from '../actions.js';
import { charactersLeft } from '../cipher.js';
import { codePoints, createComposer } from '../composer.js';
import { createConnection } from '../connection.js';
import { createConversation } from '../conversation.js';
import { prepareDialogs } from '../dialogs.js';
import { keepDirectory } from '../directory.js';
import { byId, element } from '../dom.js';
import { createMembership } from '../membership.js';
import { isOwn } from '../message-row.js';
import { createOutbox, newId } from '../outbox.js';
import { page, t } from '../page.js';
import { showPeople } from '../people.js';
import { createSealedRoom } from '../sealed-room.js';
import { prepareSheets } from '../sheets.js';
import { createState } from '../state.js';
import { createStatus } from '../status.js';
import { showStop } from '../stop.js';
import { format } from '../text.js';
import { createTyping } from '../typing.js';

const roomId = String(page.roomId);
const max = Number(page.messageMax);
const body = /** @type {HTMLElement} */ (document.querySelector('.conversation-body'));
const figures = document.querySelectorAll('[data-count]');
const finePointer = matchMedia('(pointer: fine)').matches;

const state = createState({
  /** @type {import('../connection.js').Link} */
  link: 'connecting',
  joined: false,
  epoch: page.epoch,
  userCount: Number(figures[0].textContent),
  /** @type {Set<string> | null} */
  people: null,
  /** Why the conversation is over, if it is. @type {string} */
  ended: '',
  /** May one write? In an encrypted room, once its key is known. */
  open: !page.encrypted,
});

const status = createStatus(/** @type {HTMLElement} */ (body.querySelector('.connection')));
const connection = createConnection((link) => state.set({ link }));
const typing = createTyping({ line: byId('typing'), connection });

const sealed = page.encrypted
  ? createSealedRoom({
    over: body,
    keeping: (change) => conversation.reader.keeping(change),
    onOpen: (open) => state.set({ open }),
  })
  : null;

const conversation = createConversation({
  connection,
  state,
  write: sealed ? sealed.write : (into, text) => into.replaceChildren(format(text)),
  onOwn: (clientId) => outbox.drop(clientId),
  onSpoken: typing.stop,
  onDoubt: () => membership.rejoin(),
});
const { timeline, reader } = conversation;

const membership = createMembership({
  connection,
  state,
  seen: conversation.seen,
  resume: conversation.resume,
  restart: conversation.restart,
  hear: conversation.hear,
  onEnd: end,
});

const outbox = createOutbox({
  request: connection.request,
  ready: () => state.now.joined && !state.now.ended,
  rejoin: membership.rejoin,
  show: showUnsent,
  hide: (clientId) => reader.keeping(() => timeline.dropPending(clientId)),
  onSent: (entry, { seq, sentAt }) => conversation.store({ ...asMessage(entry), seq, sentAt }),
});

const composer = createComposer({
  form: byId('composer'),
  input: byId('composer-text'),
  counter: byId('counter'),
  editing: byId('editing'),
  room: (text) => (sealed ? charactersLeft(text, max) : max - codePoints(text)),
  max,
  onSend: send,
  onTyping: typing.tell,
  onEditLast: () => {
    const last = timeline.rows().findLast(isOwn);
    if (last) edit(Number(last.dataset.seq));
  },
});

/** @param {string} text */
function send(text) {
  typing.done();
  timeline.markNew(null);
  reader.toBottom();
  if (sealed) sealed.seal(text).then(outbox.add);
  else outbox.add(text);
}

/** @param {import('../outbox.js').Entry} entry */
function showUnsent(entry) {
  reader.keeping(() => timeline.showPending(asMessage(entry), {
    reason: entry.reason,
    onRetry: () => decided(() => outbox.retry(entry)),
    onDiscard: () => decided(() => outbox.drop(entry.clientId)),
  }));
  conversation.showEmpty();
}

/** The button that was pressed goes; the focus, if it was there, goes on to writing. @param {() => void} decision */
function decided(decision) {
  decision();
  if (finePointer) composer.focus();
}

/** @param {import('../outbox.js').Entry} entry @returns {import('../message-row.js').Message} */
function asMessage({ clientId, text, at }) {
  return { type: 'TALK', roomId, sender: String(page.me), message: text, clientId, sentAt: at };
}

/** Put a message of one's own back into the composer. @param {number} seq */
async function edit(seq) {
  const text = await conversation.textOf(seq);
  composer.edit(sealed ? await sealed.open(text) : text, async (words) => {
    alter('edit', { seq, message: sealed ? await sealed.seal(words) : words });
  });
}

/** Edit, delete or react; what comes of it we hear like everybody else. @param {string} event @param {object} change */
async function alter(event, change) {
  try {
    await connection.request(event, { roomId, clientId: newId(), ...change });
  } catch {
    status.say(t('more_failed'));
  }
}

/** @param {string} why */
function end(why) {
  state.set({ ended: why });
  composer.forgetDraft();
  connection.stop();
  const link = element('a', { class: 'button primary', href: '/rooms' }, t('to_rooms'));
  showStop(body, { title: t(`${why}_title`), text: t(`${why}_text`) }, link);
  if (why === 'kicked') setTimeout(() => location.assign('/rooms'), 5000);
}

conversation.adopt();
outbox.restore();
prepareActions({
  log: byId('log'),
  edit,
  react: (seq, emoji, on) => alter('react', { seq, emoji, on }),
  erase: (seq) => alter('delete', { seq }),
});
prepareSheets();
prepareDialogs();
showPeople({ list: byId('people-list'), more: byId('people-more'), counts: figures, state });
keepDirectory({ list: byId('room-list'), connection });
state.watch(['link', 'joined', 'ended'], ({ link, joined, ended }) => {
  const well = ended || (link === 'online' && joined);
  status.show(well ? 'online' : link === 'online' ? 'connecting' : link);
  if (joined) outbox.flush();
});
state.watch(['open', 'ended'], ({ open, ended }) => {
  composer.shut(!open || Boolean(ended));
  if (open && !ended && finePointer) composer.focus();
});
byId('leave').addEventListener('click', async (/** @type {MouseEvent} */ event) => {
  event.preventDefault();
  await membership.leave();
  location.assign('/rooms');
});
sealed?.findKey();
connection.start();
