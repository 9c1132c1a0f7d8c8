/**
 * Brings messages from the wire to the rows of the page. Live messages, pages of history and
 * acknowledgements arrive here in any order; each message is shown once, in order, with its changes.
 */
import { createChanges } from './changes.js';
import { byId } from './dom.js';
import { createEarlier } from './earlier.js';
import { Failed } from './errors.js';
import { createFirstUnread } from './first-unread.js';
import { createMessageCount } from './message-count.js';
import { isOwn } from './message-row.js';
import { page } from './page.js';
import { createReadingPosition } from './reading-position.js';
import { createSequence } from './sequence.js';
import { drawnElsewhere } from './time.js';
import { createTimeline } from './timeline.js';
import { lastRead, unreadCount } from './unread.js';

/** Rows kept while the reader is at the bottom; older ones are loaded again when scrolling up. */
const KEPT_ROWS = 400;

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
  const messageCount = createMessageCount({ seq: Number(page.talk?.seq), said: Number(page.talk?.said) });
  const position = createReadingPosition({ log, pill: byId('new-messages'), timeline, messageCount, onReturn: (count) => firstUnread.tell(count), signal });
  const sequence = createSequence({ deliver, onGap, onNewEpoch });
  const earlier = createEarlier({
    log,
    foot: byId('earlier'),
    state,
    oldest: () => oldest,
    fetchBefore: (before, limit) => history({ before, limit }),
    prepend: showOlder,
    signal,
  });
  const firstUnread = createFirstUnread({ log, button: byId('first-unread'), timeline, earlier, oldest: () => oldest, signal });
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
      messageCount.count(seq);
      position.arrived(seq, own, () => timeline.append(message));
      prune();
    } else {
      changes.take(message);
      position.withoutMoving(() => timeline.alter(message));
      if (message.senderId === page.myId && message.clientId) onOwn(message.clientId);
      if (message.type === 'DELETE') onDeleted(Number(message.ref));
      position.passed(seq);
    }
    showEmpty();
  }

  function prune() {
    if (!position.isReading() || !timeline.prune(KEPT_ROWS)) return;
    oldest = Number(timeline.rows()[0].dataset.seq);
    earlier.offer(true);
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
    timeline.prepend(readable(messages, seq));
    showEmpty();
  }

  /**
   * The newest page, instead of all that is shown.
   *
   * @param {Message[]} messages
   * @param {number} seq
   * @param {import('./room-row.js').Room} room as it is with the page
   */
  function restart(messages, seq, room) {
    changes.clear();
    const talk = readable(messages, seq);
    timeline.replace(talk);
    messages.forEach(dropOwn);
    sequence.begin(messages, seq);
    messageCount.learn(room);
    for (const message of talk) messageCount.count(Number(message.seq));
    earlier.offer(Number(messages[0]?.seq ?? 1) > 1);
    position.toBottom();
    lookBack(seq, room.saidById);
    position.passed(seq);
    showEmpty();
  }

  /**
   * A page of history: its messages read as after all changes up to this number.
   *
   * @param {Message[]} messages ascending, older than all we have
   * @param {number} seq
   */
  function readable(messages, seq) {
    oldest = Number(messages[0]?.seq ?? oldest);
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

  /**
   * What came since this person was here: a line above it, and the way there.
   *
   * @param {number} newest
   * @param {string} [saidById]
   */
  function lookBack(newest, saidById) {
    const read = lastRead(roomId);
    const place = messageCount.upTo(newest);
    if (read && place) firstUnread.since(read.seq, unreadCount(roomId, { ...place, saidById }));
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
    for (const row of rows) messageCount.count(Number(row.dataset.seq));
    timeline.adopt(drawnElsewhere);
    earlier.offer(Boolean(page.more));
    lookBack(Number(page.seq), page.talk?.saidById);
    position.read();
    showEmpty();
  }

  /** Back to where one has read before. @param {import('./reading-position.js').Place} place */
  async function returnTo(place) {
    await state.reached(({ joined }) => joined);
    await earlier.until(() => oldest <= place.seq);
    position.returnTo(place);
  }

  return {
    adopt,
    returnTo,
    receive,
    restart,
    textOf,
    timeline,
    position,
    showEmpty,
    learn: messageCount.learn,
    resume: sequence.cover,
    store: sequence.receive,
    seen: () => ({ since: sequence.top, sinceAt: sequence.topAt }),
  };
}
