/**
 * Brings messages from the wire to the rows of the page. Live messages, pages of history and
 * acknowledgements arrive here in any order; each message is shown once, in order, with its changes.
 */
import { createApart } from './apart.js';
import { createChanges } from './changes.js';
import { byId } from './dom.js';
import { Failed, ifFailed } from './errors.js';
import { createFirstUnread } from './first-unread.js';
import { isOwn } from './message-row.js';
import { createMoreMessages } from './more-messages.js';
import { page } from './page.js';
import { createReadMark } from './read-mark.js';
import { createReadingPosition } from './reading-position.js';
import { createSequence } from './sequence.js';
import { drawnElsewhere } from './time.js';
import { createTimeline } from './timeline.js';

/** Rows of messages that a page has at most. */
const MOST_ROWS = 400;
/** Those that stay then for a reader at the bottom, so that not each message has one dropped. */
const KEPT_ROWS = 250;

/** @typedef {import('./message-row.js').Message} Message */

/**
 * @param {object} parts
 * @param {ReturnType<typeof import('./connection.js').createConnection>} parts.connection
 * @param {import('./state.js').State} parts.state
 * @param {import('./message-row.js').Write} parts.write
 * @param {(clientId: string) => void} parts.onOwn a message of one's own is stored
 * @param {(seq: number) => void} parts.onDeleted
 * @param {(userId: string) => void} parts.onTypingEnded somebody types no more: the message is here, or the person has left
 * @param {() => void} parts.onGap messages are missing after the newest one shown
 * @param {() => void} parts.onNewEpoch what we have is of another epoch
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createConversation({ connection, state, write, onOwn, onDeleted, onTypingEnded, onGap, onNewEpoch, signal }) {
  const log = byId('log');
  const roomId = String(page.roomId);
  const changes = createChanges();
  const timeline = createTimeline({ list: byId('timeline'), pendingList: byId('pending'), write, changes, signal });
  const readMark = createReadMark({ connection, onMoved, signal });
  const position = createReadingPosition({ log, pill: byId('new-messages'), timeline, mark: readMark, onReturn: (count) => firstUnread.tell(count), onNewest: toNewest, signal });
  const sequence = createSequence({ deliver, onGap, onNewEpoch });
  const earlier = createMoreMessages({
    log,
    foot: byId('earlier'),
    state,
    edge: () => oldest,
    fetchFrom: (before, limit) => history({ before, limit }),
    show: showOlder,
    signal,
  });
  const apart = createApart({
    log,
    foot: byId('later'),
    state,
    timeline,
    position: () => position,
    history,
    readable,
    replace: showOnly,
    onAppend: () => dropOldest(MOST_ROWS),
    signal,
  });
  const firstUnread = createFirstUnread({ log, way: byId('first-unread'), timeline, earlier, showAround: apart.show, oldest: () => oldest, onLet: () => position.readAll(), signal });
  /** The lowest number loaded, whether it has a row or not. */
  let oldest = 0;

  /** A stored message, in order. @param {Message} message */
  function deliver(message) {
    const seq = Number(message.seq);
    if (message.type === 'TALK') {
      const own = message.senderId === page.myId;
      onTypingEnded(String(message.senderId));
      if (own) firstUnread.forget();
      if (own && message.clientId) onOwn(message.clientId);
      if (apart.holds(message)) position.missed(seq, own);
      else position.arrived(seq, own, () => timeline.append(message));
      if (position.isReading()) dropOldest(KEPT_ROWS);
      else dropNewest();
    } else {
      changes.take(message);
      position.withoutMoving(() => timeline.alter(message));
      if (message.senderId === page.myId && message.clientId) onOwn(message.clientId);
      if (message.type === 'DELETE') onDeleted(Number(message.ref));
      position.passed(seq);
    }
    showEmpty();
  }

  /** Above the reader. @param {number} keep */
  function dropOldest(keep) {
    if (!timeline.prune(MOST_ROWS, keep)) return;
    oldest = Number(timeline.rows()[0].dataset.seq);
    earlier.offer(true);
  }

  /** Below the reader. */
  function dropNewest() {
    position.withoutMoving(() => { if (timeline.cut(MOST_ROWS)) apart.begin(); });
  }

  /** Anything live. @param {Message} message */
  function receive(message) {
    if (message.seq !== undefined) sequence.receive(message);
    else if (['ENTER', 'QUIT'].includes(message.type) && message.senderId !== page.myId) {
      if (message.type === 'QUIT') onTypingEnded(String(message.senderId));
      position.withoutMoving(() => timeline.move(message));
    }
  }

  /** A page of history, above all that is shown. @param {Message[]} messages @param {number} seq of the newest then */
  function showOlder(messages, seq) {
    oldest = Number(messages[0]?.seq ?? oldest);
    timeline.prepend(readable(messages, seq));
    dropNewest();
    showEmpty();
  }

  /** A page of history, in place of all that is shown. @param {Message[]} messages @param {number} seq of the newest then @param {boolean} more are there older ones? */
  function showOnly(messages, seq, more) {
    oldest = Number(messages[0]?.seq ?? seq + 1);
    timeline.replace(readable(messages, seq));
    earlier.offer(more);
    showEmpty();
  }

  async function toNewest() {
    try {
      await apart.toNewest();
    } catch (problem) {
      // One stays where one is, with the way there.
      if (!(problem instanceof Failed)) throw problem;
    }
  }

  /** Show a message, however far away it is, and mark it. @param {number} seq */
  async function showMessage(seq) {
    const find = () => timeline.rows().find((row) => Number(row.dataset.seq) === seq);
    if (!find()) await apart.show(seq).catch(ifFailed(undefined));
    const row = find();
    if (row) mark(row);
  }

  /** @param {HTMLElement} row */
  function mark(row) {
    log.querySelector('.linked')?.classList.remove('linked');
    row.classList.add('linked');
    position.toRow(row);
    row.focus({ preventScroll: true });
  }

  /**
   * The newest page, instead of all that is shown.
   *
   * @param {Message[]} messages
   * @param {number} seq
   * @param {boolean} more are there older ones?
   */
  function restart(messages, seq, more) {
    changes.clear();
    if (apart.isApart()) apart.end();
    showOnly(messages, seq, more);
    messages.forEach(dropOwn);
    sequence.begin(messages, seq);
    position.toBottom();
    position.expectUnread(readMark.mark());
    readMark.refresh().then(() => lookBack()).catch(ifFailed(undefined)).then(position.read);
    position.passed(seq);
    showEmpty();
  }

  /**
   * A page of history: its messages read as after all changes up to this number.
   *
   * @param {Message[]} messages ascending
   * @param {number} seq
   */
  function readable(messages, seq) {
    for (const message of messages) changes.asRead(message, seq);
    return messages
      .filter((message) => !changes.isDeleted(Number(message.seq)))
      .map((message) => (message.original === undefined ? message : { ...message, message: message.original }));
  }

  /** What is stored need not wait to be sent any more. @param {Message} message */
  function dropOwn({ senderId, clientId, editClientId, edits = [] }) {
    if (senderId !== page.myId) return;
    for (const id of [clientId, editClientId, ...edits.map((edit) => edit.clientId)]) if (id) onOwn(id);
  }

  /** @param {object} window */
  async function history(window) {
    const answer = await connection.request('history', { roomId, ...window });
    if (answer.epoch !== state.now.epoch) {
      onNewEpoch();
      throw new Failed('The room has begun anew');
    }
    return answer;
  }

  /** What a message of a room that is not encrypted says now, as it was sent. @param {HTMLElement} row @returns {Promise<string | undefined>} undefined: it is gone */
  async function textOf(row) {
    const seq = Number(row.dataset.seq);
    const edit = changes.editOf(seq);
    if (edit) return edit.message;
    const text = /** @type {HTMLElement} */ (row.querySelector('.message-text'));
    // Without `code` the row shows the text as it was sent, and the server need not be asked.
    if (!text.querySelector('code')) return String(text.textContent);
    const { messages } = await history({ before: seq + 1, limit: 1 });
    return messages.find((/** @type {Message} */ message) => message.seq === seq)?.message;
  }

  function showEmpty() {
    byId('empty').hidden = Boolean(log.querySelector('.message')) || earlier.hasMore();
  }

  /** What came since this person was here: a line above it, and the way there. @param {number} [read] @param {number} [unread] */
  function lookBack(read = readMark.mark(), unread = readMark.unread()) {
    if (!unread) return;
    position.expectUnread(read);
    firstUnread.since(read, unread);
  }

  /** All that was missed, up to this number. @param {Message[]} messages @param {number} seq */
  function resume(messages, seq) {
    const before = Number(sequence.top);
    const others = messages.filter(({ type, senderId }) => type === 'TALK' && senderId !== page.myId);
    if (others.length) position.expectUnread(before);
    sequence.cover(messages, seq);
    if (others.length && !position.isInView(Number(others[0].seq))) firstUnread.since(before, others.length);
  }

  /** One has read on, on another device, or wants to read something again. @param {number} unread @param {boolean} isBack */
  function onMoved(unread, isBack) {
    if (isBack) lookBack();
    else if (!unread) firstUnread.forget();
  }

  /** @param {number} seq the first message that is to be unread */
  async function unreadFrom(seq) {
    await readMark.unreadFrom(seq).catch(ifFailed(undefined));
  }

  /** Start with the messages that the server has rendered. */
  function adopt() {
    const rows = timeline.rows();
    const drawn = rows.map((row) => /** @type {Message} */ ({ seq: Number(row.dataset.seq), sentAt: Number(row.dataset.at) }));
    for (const message of page.changed ?? []) {
      changes.asRead(message, Number(page.seq));
      dropOwn(message);
    }
    sequence.begin(drawn, Number(page.seq));
    oldest = Number(drawn[0]?.seq ?? 0);
    for (const row of rows) if (isOwn(row) && row.dataset.clientId) onOwn(row.dataset.clientId);
    timeline.adopt(drawnElsewhere);
    earlier.offer(Boolean(page.more));
    if (page.moreAfter) apart.begin();
    const linked = rows.find((row) => Number(row.dataset.seq) === page.at);
    if (linked) mark(linked);
    lookBack();
    position.read();
    showEmpty();
  }

  /** Back to where one has read before. @param {import('./reading-position.js').Place} place */
  async function returnTo(place) {
    await state.reached(({ joined }) => joined);
    if (oldest > place.seq) await apart.show(place.seq).catch(ifFailed(undefined));
    position.returnTo(place);
  }

  return {
    adopt,
    returnTo,
    showMessage,
    /** To write something, or because one wants to. */
    async toBottom() {
      if (apart.isApart()) await toNewest();
      else position.toBottom();
    },
    receive,
    restart,
    textOf,
    timeline,
    position,
    showEmpty,
    unreadFrom,
    resume,
    store: sequence.receive,
    seen: () => ({ since: sequence.top, sinceAt: sequence.topAt }),
  };
}
