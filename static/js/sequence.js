/**
 * Puts stored messages in the order of their numbers. Messages arrive live, as acknowledgements or with
 * what was missed, perhaps twice; each is delivered once and in order. A number is skipped only if the
 * server, asked for all after another one, does not give it: then that message was deleted.
 */

/** The time in which a missing message may still arrive; then it is fetched. */
const GAP_MS = 250;
/** Numbers whose times are kept, to tell a repeated message from one of a new epoch. */
const REMEMBERED = 500;

/** @typedef {import('./message-row.js').Message} Message */

/**
 * @param {object} parts
 * @param {(since: number, sinceAt?: number) => Promise<{ messages: Message[], seq: number } | null>} parts.fetchMissed
 *   every entry after this one; null if they cannot be given
 * @param {(message: Message) => void} parts.deliver
 * @param {() => void} parts.onDoubt a number has arrived with another message: the room has a new epoch,
 *   and everything is to be loaded again
 */
export function createSequence({ fetchMissed, deliver, onDoubt }) {
  let top = 0;
  /** @type {Map<number, Message>} */
  const waiting = new Map();
  /** @type {Map<number, number>} */
  const times = new Map();
  let timer = 0;

  /** @param {Message} message */
  function remember({ seq, sentAt }) {
    times.set(Number(seq), sentAt);
    if (times.size > REMEMBERED) times.delete(times.keys().next().value ?? 0);
  }

  function drain() {
    for (let next = waiting.get(top + 1); next; next = waiting.get(top + 1)) {
      waiting.delete(top + 1);
      top += 1;
      remember(next);
      deliver(next);
    }
    clearTimeout(timer);
    if (waiting.size) timer = setTimeout(fill, GAP_MS);
  }

  async function fill() {
    const since = top;
    let missed;
    try {
      missed = await fetchMissed(since, times.get(since));
    } catch {
      return; // The next join brings what is missing.
    }
    if (!missed) return onDoubt();
    if (since === top) cover(missed.messages, missed.seq);
    drain();
  }

  /** These are all there are up to this number. @param {Message[]} messages @param {number} seq */
  function cover(messages, seq) {
    for (const message of messages) {
      waiting.delete(Number(message.seq));
      if (Number(message.seq) <= top) continue;
      top = Number(message.seq);
      remember(message);
      deliver(message);
    }
    top = Math.max(top, seq);
    for (const known of waiting.keys()) if (known <= top) waiting.delete(known);
    drain();
  }

  return {
    /** A stored message, from wherever. @param {Message} message */
    receive(message) {
      const seq = Number(message.seq);
      if (seq > top) {
        waiting.set(seq, message);
        drain();
      } else if (times.get(seq) !== message.sentAt) {
        onDoubt();
      }
    },

    cover,

    /** Begin with these, which are shown already. @param {Message[]} shown @param {number} seq of the newest */
    begin(shown, seq) {
      waiting.clear();
      times.clear();
      shown.forEach(remember);
      top = seq;
    },

    /** The number of the newest that was handed on. */
    get top() {
      return top;
    },

    /** When that one was sent, in ms, if we have it. */
    get topAt() {
      return times.get(top);
    },
  };
}
