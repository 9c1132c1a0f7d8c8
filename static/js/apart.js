/**
 * The rows may end before the newest message: around a message that a link leads to, and where one reads
 * far back, since a page keeps so many rows at most. What is said then is held back until the rows reach
 * the end again.
 */
import { createMoreMessages } from './more-messages.js';

/** Messages that are held back; where there are more, they are read once the rows come near. */
const HELD = 200;
const PAGE = 50;

/** @typedef {import('./message-row.js').Message} Message */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.log the scroller
 * @param {HTMLElement} parts.foot the paragraph with the button for later messages
 * @param {import('./state.js').State} parts.state with `joined`
 * @param {ReturnType<typeof import('./timeline.js').createTimeline>} parts.timeline
 * @param {() => ReturnType<typeof import('./reading-position.js').createReadingPosition>} parts.position
 * @param {(window: object) => Promise<any>} parts.history
 * @param {(messages: Message[], seq: number) => Message[]} parts.readable
 * @param {(messages: Message[], seq: number, more: boolean) => void} parts.replace these take the place of all rows
 * @param {() => void} parts.onAppend rows were added at the end
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createApart({ log, foot, state, timeline, position, history, readable, replace, onAppend, signal }) {
  let apart = false;
  /** @type {Message[]} */
  let held = [];
  /** The highest number that is held no more. */
  let dropped = 0;
  const later = createMoreMessages({
    log,
    foot,
    state,
    edge: () => Number(timeline.rows().at(-1)?.dataset.seq ?? 0),
    fetchFrom: (after, limit) => history({ after, limit }),
    show: append,
    signal,
  });

  /** The rows end here, for now. */
  function begin() {
    if (apart) return;
    apart = true;
    position().setApart(true);
    later.offer(true);
  }

  function end() {
    apart = false;
    held = [];
    later.offer(false);
    position().setApart(false);
    // A reload shows the newest messages again.
    if (location.search) window.history.replaceState(window.history.state, '', location.pathname);
  }

  /** @param {Message[]} messages @param {number} seq @param {boolean} more */
  function append(messages, seq, more) {
    position().withoutMoving(() => {
      readable(messages, seq).forEach(timeline.append);
      if (more || dropped > seq) return;
      held.filter((message) => Number(message.seq) > seq).forEach(timeline.append);
      end();
    });
    onAppend();
  }

  /** The newest messages, in place of these. */
  async function toNewest() {
    const { messages, seq, more } = await history({ limit: PAGE });
    if (signal.aborted) return;
    const behind = held.filter((message) => Number(message.seq) > seq);
    replace(messages, seq, more);
    behind.forEach(timeline.append);
    end();
    position().toBottom();
    position().read();
  }

  /** The messages around a number, in place of these. @param {number} around */
  async function show(around) {
    const { messages, seq, moreBefore, moreAfter } = await history({ around, limit: PAGE });
    if (signal.aborted) return;
    const behind = held.filter((message) => Number(message.seq) > seq);
    replace(messages, seq, moreBefore);
    if (moreAfter) return begin();
    behind.forEach(timeline.append);
    if (apart) end();
  }

  return {
    begin,
    end,
    show,
    toNewest,
    isApart: () => apart,

    /** Hold this message back, if the rows end before it. @param {Message} message */
    holds(message) {
      if (!apart) return false;
      held.push(message);
      if (held.length > HELD) dropped = Number(held.shift()?.seq);
      return true;
    },
  };
}
