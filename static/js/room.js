/**
 * One room on the page: makes its parts and ties them together, until the page goes on to another room.
 * What changes stands in `state`; what was said goes connection -> joining -> conversation ->
 * timeline, what is written goes composer -> outbox -> delivery and comes back the same way as
 * everybody else's words.
 */
import { prepareAddedLine } from './added-to-room.js';
import { showBlockingPanel } from './blocking-panel.js';
import { charactersLeft } from './cipher.js';
import { codePoints, createComposer } from './composer.js';
import { createConversation } from './conversation.js';
import { copyAsWritten } from './copying.js';
import { deliverHere, flush } from './delivery.js';
import { overConnection } from './delivery-routes.js';
import { byId, element } from './dom.js';
import { createDrafts } from './drafts.js';
import { createEncryptedRoom } from './encrypted-room.js';
import { Failed } from './errors.js';
import { createJoining } from './joining.js';
import { prepareKeyboardNavigation } from './keyboard-navigation.js';
import { learnAll, onRenamed } from './known-people.js';
import { messageText } from './markup.js';
import { completeMentions } from './mention-completion.js';
import { prepareMessageActions } from './message-actions.js';
import { isOwn } from './message-row.js';
import * as outbox from './outbox.js';
import { setOwnRole } from './own-role.js';
import { address, page, t } from './page.js';
import { navigate } from './page-navigation.js';
import { showPeople } from './present-people.js';
import { createReadOnly } from './read-only.js';
import { learnRole, learnRoles } from './roles.js';
import { roomName, showArchived, showDescription, showHistoryDays, showRoomName } from './room-details.js';
import { directRoomName } from './shown-names.js';
import { createState } from './state.js';
import { createStatus } from './status.js';
import { createTyping } from './typing.js';
import { createUnsent, messageOf } from './unsent.js';

/** @typedef {import('./outbox.js').Item} Item */

/**
 * @param {object} parts
 * @param {ReturnType<typeof import('./connection.js').createConnection>} parts.connection
 * @param {ReturnType<typeof import('./pending-leaves.js').createPendingLeaves>} parts.pendingLeaves
 * @param {ReturnType<typeof import('./directory.js').keepDirectory>} parts.directory
 * @param {AbortSignal} parts.signal aborts when the page goes on to another room
 */
export function openRoom({ connection, pendingLeaves, directory, signal }) {
  const roomId = String(page.roomId);
  const max = Number(page.messageMax);
  const body = /** @type {HTMLElement} */ (document.querySelector('.conversation-body'));
  const figures = document.querySelectorAll('[data-count]');
  const finePointer = matchMedia('(pointer: fine)').matches;

  /** @type {import('./state.js').RoomState} */
  const initial = {
    link: 'connecting',
    joined: false,
    epoch: page.epoch,
    userCount: Number(figures[0].textContent),
    people: null,
    ended: '',
    open: !page.encrypted,
    isReadOnly: false,
  };
  const state = createState(initial);

  learnAll(page.people, page.gone);
  learnRoles(page.roles);
  setOwnRole(page.role ?? '');

  const status = createStatus(/** @type {HTMLElement} */ (body.querySelector('.connection')));
  connection.watchLink((link) => state.set({ link }), signal);
  const typing = createTyping({ roomId, line: byId('typing'), connection, signal });

  const sealed = page.encrypted
    ? createEncryptedRoom({
      over: body,
      withoutMoving: (change) => conversation.position.withoutMoving(change),
      onOpen: (open) => state.set({ open }),
      signal,
    })
    : null;
  /** @type {import('./message-row.js').Write} */
  const write = sealed ? sealed.write : (into, talk, edit) => into.replaceChildren(messageText((edit ?? talk).message, (edit ?? talk).mentionNames));

  const conversation = createConversation({
    connection,
    state,
    write,
    onOwn: (clientId) => outbox.drop({ roomId, clientId }),
    onDeleted: (seq) => composer.forgetMessage(seq),
    onTypingEnded: typing.stop,
    onGap: () => joining.join(),
    onNewEpoch: () => joining.rejoin(),
    signal,
  });
  const { timeline, position } = conversation;
  const added = prepareAddedLine();
  const readOnly = createReadOnly((isReadOnly) => state.set({ isReadOnly }), signal);

  const joining = createJoining({
    roomId,
    connection,
    pendingLeaves,
    state,
    seen: conversation.seen,
    resume: conversation.resume,
    restart: conversation.restart,
    receive: conversation.receive,
    onRoom,
    onEnd: end,
    signal,
  });

  const unsent = createUnsent({
    timeline,
    position,
    write,
    wordsOf: (row, item) => (sealed ? sealed.wordsOf(row) : item.text),
    onTakeBack: (words) => composer.append(words),
    onDecided: () => { if (finePointer) composer.focus(); },
    onChange: conversation.showEmpty,
  });

  const composer = createComposer({
    form: byId('composer'),
    input: byId('composer-text'),
    counter: byId('counter'),
    editing: byId('editing'),
    drafts: createDrafts(roomId, signal),
    room: (text) => (sealed ? charactersLeft(text, max) : max - codePoints(text)),
    max,
    onSend: send,
    onSave: ({ seq, epoch, text }) => keep({ kind: 'edit', ref: seq, epoch }, text),
    onTyping: typing.tell,
    onEditLast: () => {
      const last = timeline.rows().findLast(isOwn);
      if (last) edit(Number(last.dataset.seq));
    },
    signal,
  });

  if (!page.encrypted) completeMentions({ input: /** @type {HTMLTextAreaElement} */ (byId('composer-text')), signal });

  /** @param {string} text */
  function send(text) {
    typing.done();
    timeline.markNew(null);
    conversation.toBottom();
    return keep({ kind: 'message' }, text);
  }

  /**
   * Put something into the outbox; with words, sealed where the room is.
   *
   * @param {Pick<Item, 'kind'> & Partial<Item>} what
   * @param {string} [text]
   */
  async function keep(what, text) {
    const item = { clientId: outbox.newId(), roomId, roomName: roomName(), epoch: String(state.now.epoch), after: conversation.seen().since, ...what };
    if (text === undefined) return outbox.add(item);
    if (!sealed) return outbox.add({ ...item, text, sealed: false });
    const type = what.kind === 'edit' ? 'EDIT' : 'TALK';
    const words = await sealed.seal({ type, clientId: item.clientId, ref: item.ref }, text);
    outbox.add({ ...item, text: words, sealed: true });
  }

  /** @param {number | undefined} seq */
  const rowOf = (seq) => timeline.rows().find((row) => Number(row.dataset.seq) === seq);

  /** Put a message of one's own back into the composer. @param {number} seq */
  async function edit(seq) {
    const row = rowOf(seq);
    if (!row) return;
    try {
      const text = sealed ? sealed.wordsOf(row) : await conversation.textOf(row);
      if (text !== undefined) composer.edit({ seq, epoch: String(state.now.epoch), text });
    } catch (problem) {
      status.failed(t('edit_needs_connection'), () => edit(seq));
      if (!(problem instanceof Failed)) throw problem;
    }
  }

  /** A reaction that waits still is taken back by its opposite. @param {number} seq @param {string} emoji @param {boolean} on */
  async function react(seq, emoji, on) {
    const waits = outbox.itemsOf(roomId).find((item) => item.kind === 'react' && item.ref === seq && item.emoji === emoji);
    if (waits && waits.triedAt === undefined) outbox.drop(waits);
    else await keep({ kind: 'react', ref: seq, emoji, on: waits ? !waits.on : on });
  }

  /** @param {string} why */
  function end(why) {
    // A ban is told before or after one is taken out.
    if (state.now.ended === 'banned') return;
    state.set({ ended: why });
    // What they ask about is over too, and nothing under them can have the focus.
    document.querySelectorAll('dialog[open]').forEach((dialog) => /** @type {HTMLDialogElement} */ (dialog).close());
    const link = element('a', { class: 'button primary', href: address('/rooms') }, t('to_rooms'));
    showBlockingPanel(body, { title: t(`${why}_title`), text: t(`${why}_text`) }, link);
    const words = composer.empty();
    const reason = why === 'closed' ? 'room_gone' : 'not_found';
    // Without the key of an encrypted room they cannot be sealed, and stay a draft.
    if (words && !state.now.open) composer.append(words);
    else if (words) keep({ kind: 'message', reason }, words).catch((problem) => { composer.append(words); throw problem; });
  }

  /** @param {any} room as it is now @param {{ role: string, mutedUntil: number }} mine */
  function onRoom(room, mine) {
    showRoom(room);
    showOwn(mine);
    directory.showOpen(page.kind === 'direct' ? { ...room, name: roomName() } : room);
  }

  /** @param {any} room */
  function showRoom({ name, description, archived, historyDays }) {
    if (page.kind !== 'direct') {
      showRoomName(name);
      showDescription(description);
    }
    showArchived(archived);
    showHistoryDays(historyDays);
    readOnly.archive(archived);
  }

  /** What one may do here now. @param {{ role: string, mutedUntil?: number }} mine */
  function showOwn({ role, mutedUntil }) {
    setOwnRole(role);
    readOnly.mute(mutedUntil ?? 0);
  }

  conversation.adopt();
  deliverHere({
    roomId,
    route: overConnection(connection.request, roomId, () => String(state.now.epoch)),
    isReady: () => state.now.joined && !state.now.ended,
    rejoin: joining.rejoin,
    onSent: (item, answer) => {
      unsent.done(item);
      if (item.kind !== 'message') return;
      added.spoken();
      // Whom it mentions the server alone knows, and says it with the message itself, which everybody here gets.
      if (sealed || !item.text?.includes('@')) conversation.store({ ...messageOf(item), seq: answer.seq, sentAt: answer.sentAt });
    },
  }, signal);
  outbox.watch(unsent.show, signal);
  prepareMessageActions({
    log: byId('log'),
    edit,
    react,
    unreadFrom: conversation.unreadFrom,
    erase: (seq) => keep({ kind: 'delete', ref: seq }),
    signal,
  });
  prepareKeyboardNavigation(byId('log'));
  copyAsWritten(byId('log'));
  state.watch(['userCount'], ({ userCount }) => directory.showOpenCount(roomId, userCount));
  showPeople({ list: byId('people-list'), more: byId('people-more'), counts: figures, state, signal });
  onRenamed((userId) => {
    timeline.rename(userId);
    typing.show();
    if (page.others?.includes(userId)) showRoomName(directRoomName(page.others));
  }, signal);
  connection.on('room', ({ room }) => { if (room.roomId === roomId) showRoom(room); }, signal);
  connection.on('member', (member) => { if (member.roomId === roomId && !(member.gone && member.userId === page.myId)) learnRole(member); }, signal);
  connection.on('me', ({ type, membership: mine, banned, roomId: gone }) => {
    if (type !== 'membership') return;
    if (mine?.roomId === roomId) showOwn(mine);
    if (banned && gone === roomId) end('banned');
  }, signal);
  state.watch(['link', 'joined', 'ended'], ({ link, joined, ended }) => {
    const well = ended || (link === 'online' && joined);
    status.show(well ? 'online' : link === 'online' ? 'connecting' : link);
    if (joined) flush(roomId);
  });
  state.watch(['open', 'ended', 'isReadOnly'], ({ open, ended, isReadOnly }) => {
    composer.shut(!open || Boolean(ended) || isReadOnly);
  });
  state.watch(['open', 'ended'], ({ open, ended, isReadOnly }) => {
    if (open && !ended && !isReadOnly && finePointer && !page.at) composer.focus();
  });
  byId('leave').addEventListener('click', async (/** @type {MouseEvent} */ event) => {
    // Without a connection the link leads where it can.
    if (state.now.link !== 'online') return;
    event.preventDefault();
    await joining.leave();
    navigate(address('/rooms'));
  });
  sealed?.findKey();
  joining.join();

  return { hasEnded: () => Boolean(state.now.ended), place: position.place, returnTo: conversation.returnTo, showMessage: conversation.showMessage, sayFailure: status.failed };
}
