/**
 * Brings messages from the wire to the rows of the page. Live messages, pages of history and
 * acknowledgements arrive here in any order; each message is shown once, in order, with its changes.
 */
import { createChanges } from './changes.js';
import { byId } from './dom.js';
import { createEarlier } from './earlier.js';
import { createFirstUnread } from './first-unread.js';
import { isOwn } from './message-row.js';
import { page } from './page.js';
import { createReader } from './reader.js';
import { createSequence } from './sequence.js';
import { createTally } from './tally.js';
import { drawnElsewhere } from './time.js';
import { createTimeline } from './timeline.js';
import { lastRead, unreadCount } from './unread.js';

/** Rows kept while the reader is at the bottom; older ones are loaded again when scrolling up. */
const KEPT = 400;
/** Messages that the server gives in one page at most. */
const PAGE_MAX = 200;

/** @typedef {import('./message-row.js').Message} Message */

/**
 * @param {object} parts
 * @param {ReturnType<typeof import('./connection.js').createConnection>} parts.connection
 * @param {ReturnType<typeof import('./state.js').createState>} parts.state
 * @param {import('./message-row.js').Write} parts.write
 * @param {(clientId: string) => void} parts.onOwn a message of one's own is stored
 * @param {(seq: number) => void} parts.onDeleted
 * @param {(name: string) => void} parts.onSpoken somebody has said what they were typing
 * @param {() => void} parts.onDoubt what we have is of another epoch
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createConversation({ connection, state, write, onOwn, onDeleted, onSpoken, onDoubt, signal }) {
  const log = byId('log');
  const roomId = String(page.roomId);
  const changes = createChanges();
  const timeline = createTimeline({ list: byId('timeline'), pendingList: byId('pending'), write, changes, signal });
  const tally = createTally({ seq: Number(page.talk?.seq), said: Number(page.talk?.said) });
  const reader = createReader({ log, pill: byId('new-messages'), timeline, tally, onReturn: (count) => firstUnread.tell(count), signal });
  const sequence = createSequence({ fetchAfter: (after) => history({ after, limit: PAGE_MAX }), deliver, onDoubt });
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
      const own = message.sender === page.me;
      onSpoken(message.sender);
      if (own) firstUnread.forget();
      if (own && message.clientId) onOwn(message.clientId);
      tally.count(seq);
      reader.arrived(seq, own, () => timeline.append(message));
      prune();
    } else {
      changes.take(message);
      reader.keeping(() => timeline.alter(message));
      if (message.sender === page.me && message.clientId) onOwn(message.clientId);
      if (message.type === 'DELETE') onDeleted(Number(message.ref));
      reader.passed(seq);
    }
    showEmpty();
  }

  function prune() {
    if (!reader.isReading() || !timeline.prune(KEPT)) return;
    oldest = Number(timeline.rows()[0].dataset.seq);
    earlier.offer(true);
  }

  /** Anything live. @param {Message} message */
  function hear(message) {
    if (message.seq !== undefined) sequence.receive(message);
    else if (['ENTER', 'QUIT'].includes(message.type) && message.sender !== page.me) {
      reader.keeping(() => timeline.move(message));
    }
  }

  /** A page of history, above all that is shown. @param {Message[]} messages */
  function showOlder(messages) {
    timeline.prepend(readable(messages));
    showEmpty();
  }

  /**
   * The newest page, instead of all that is shown.
   *
   * @param {Message[]} messages
   * @param {number} seq
   * @param {import('./room-link.js').Room} room as it is with the page
   */
  function restart(messages, seq, room) {
    changes.clear();
    const talk = readable(messages);
    timeline.replace(talk);
    for (const { sender, clientId } of messages) if (sender === page.me && clientId) onOwn(clientId);
    sequence.begin(messages, seq);
    tally.learn(room);
    for (const message of talk) tally.count(Number(message.seq));
    earlier.offer(Number(messages[0]?.seq ?? 1) > 1);
    reader.toBottom();
    lookBack(seq, room.saidBy);
    reader.passed(seq);
    showEmpty();
  }

  /**
   * A page of history as it reads now: its changes are taken in, and only what was said remains.
   *
   * @param {Message[]} messages ascending, older than all we have
   */
  function readable(messages) {
    oldest = Number(messages[0]?.seq ?? oldest);
    for (const message of messages) if (message.type !== 'TALK') changes.take(message);
    return messages.filter(({ type, seq }) => type === 'TALK' && !changes.isDeleted(Number(seq)));
  }

  /** @param {object} window */
  async function history(window) {
    const answer = await connection.request('history', { roomId, ...window });
    if (answer.epoch !== state.now.epoch) {
      onDoubt();
      throw new Error('The room has begun anew');
    }
    return answer;
  }

  /** What a message of a room that is not encrypted says now, as it was sent. @param {HTMLElement} row @returns {Promise<string>} */
  async function textOf(row) {
    const seq = Number(row.dataset.seq);
    const edit = changes.editOf(seq);
    if (edit) return edit.message;
    const text = /** @type {HTMLElement} */ (row.querySelector('.message-text'));
    // Without `code` the row shows the text as it was sent, and the server need not be asked.
    if (!text.querySelector('code')) return String(text.textContent);
    return (await history({ before: seq + 1, limit: 1 })).messages.at(-1).message;
  }

  function showEmpty() {
    byId('empty').hidden = Boolean(log.querySelector('.message')) || earlier.hasMore();
  }

  /**
   * What came since this person was here: a line above it, and the way there.
   *
   * @param {number} newest
   * @param {string} [saidBy]
   */
  function lookBack(newest, saidBy) {
    const read = lastRead(roomId);
    const place = tally.upTo(newest);
    if (read && place) firstUnread.since(read.seq, unreadCount(roomId, { ...place, saidBy }));
  }

  /** Start with the messages that the server has rendered. */
  function adopt() {
    const rows = timeline.rows();
    const drawn = rows.map((row) => /** @type {Message} */ ({ seq: Number(row.dataset.seq), sentAt: Number(row.dataset.at) }));
    const known = [...drawn, ...(page.changes ?? [])];
    page.changes?.forEach(changes.take);
    for (const { sender, clientId } of page.changes ?? []) if (sender === page.me && clientId) onOwn(clientId);
    sequence.begin(known, Number(page.seq));
    oldest = Math.min(...known.map(({ seq }) => Number(seq)));
    for (const row of rows) if (isOwn(row) && row.dataset.clientId) onOwn(row.dataset.clientId);
    for (const row of rows) tally.count(Number(row.dataset.seq));
    timeline.adopt(drawnElsewhere);
    earlier.offer(Boolean(page.more));
    lookBack(Number(page.seq), page.talk?.saidBy);
    reader.read();
    showEmpty();
  }

  /** Back to where one has read before. @param {import('./reader.js').Place} place */
  async function returnTo(place) {
    await state.reached(({ joined }) => joined);
    await earlier.until(() => oldest <= place.seq);
    reader.returnTo(place);
  }

  return {
    adopt,
    returnTo,
    hear,
    restart,
    textOf,
    timeline,
    reader,
    showEmpty,
    learn: tally.learn,
    resume: sequence.cover,
    store: sequence.receive,
    seen: () => ({ since: sequence.top, sinceAt: sequence.topAt }),
  };
}
