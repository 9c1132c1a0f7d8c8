/**
 * Puts stored messages in the order of their numbers. Messages arrive live, as acknowledgements or with
 * what was missed, perhaps twice; each is delivered once and in order. A number is skipped only if the
 * server, asked for all after another one, does not give it: then that message was deleted.
 */

/** The time in which a missing message may still arrive; then it is asked for. */
const GAP_MS = 250;
/** Numbers whose times are kept, to tell a repeated message from one of a new epoch. */
const REMEMBERED_NUMBERS = 500;

/** @typedef {import('./message-row.js').Message} Message */

/**
 * @param {object} parts
 * @param {(message: Message) => void} parts.deliver
 * @param {() => void} parts.onGap messages after `top` are missing: all there are after it are to be given to `cover`
 * @param {() => void} parts.onNewEpoch a number has arrived with another message: the room has a new epoch,
 *   and everything is to be loaded again
 */
export function createSequence({ deliver, onGap, onNewEpoch }) {
  let top = 0;
  /** @type {Map<number, Message>} */
  const waiting = new Map();
  /** @type {Map<number, number>} */
  const times = new Map();
  /** Runs, or has run, for the gap after `top`; 0 without a gap. */
  let timer = 0;

  /** @param {Message} message */
  function remember({ seq, sentAt }) {
    times.set(Number(seq), sentAt);
    if (times.size > REMEMBERED_NUMBERS) times.delete(times.keys().next().value ?? 0);
  }

  function drain() {
    const before = top;
    for (let next = waiting.get(top + 1); next; next = waiting.get(top + 1)) {
      waiting.delete(top + 1);
      top += 1;
      remember(next);
      deliver(next);
    }
    if (top !== before || !waiting.size) forgetGap();
    // One time for each gap: where people say more all the time, it must end too.
    if (waiting.size && !timer) timer = setTimeout(onGap, GAP_MS);
  }

  function forgetGap() {
    clearTimeout(timer);
    timer = 0;
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
    // What is missing still is asked for again.
    forgetGap();
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
        onNewEpoch();
      }
    },

    cover,

    /** Begin with these, which are shown already. @param {Message[]} shown @param {number} seq of the newest */
    begin(shown, seq) {
      waiting.clear();
      times.clear();
      forgetGap();
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
