/**
 * Joins the room at once and after every connect, with the number of the newest message shown. The answer is either
 * all that was missed, or a fresh page.
 */
import { Failed, ifFailed, Refused } from './errors.js';

const RETRY_MS = 1500;
/** The page goes on after so long, whether a leave is answered or not. */
const LEAVE_TIMEOUT_MS = 1000;

/** @typedef {import('./message-row.js').Message} Message */

/**
 * @param {object} parts
 * @param {string} parts.roomId
 * @param {ReturnType<typeof import('./connection.js').createConnection>} parts.connection
 * @param {ReturnType<typeof import('./pending-leaves.js').createPendingLeaves>} parts.pendingLeaves
 * @param {import('./state.js').State} parts.state
 * @param {() => { since: number, sinceAt?: number }} parts.seen the newest message shown
 * @param {(messages: Message[], seq: number) => void} parts.resume all that was missed, up to this number
 * @param {(messages: Message[], seq: number, more: boolean) => void} parts.restart the newest page, instead of all that is
 *   shown
 * @param {(message: Message) => void} parts.receive everything live
 * @param {(room: import('./room-row.js').Room, mine: { role: string, mutedUntil: number }) => void} parts.onRoom the room
 *   as it is now, and what one is in it
 * @param {(reason: 'gone' | 'kicked' | 'closed') => void} parts.onEnd
 * @param {AbortSignal} parts.signal aborts when the page goes on to another room
 */
export function createJoining({ roomId, connection, pendingLeaves, state, seen, resume, restart, receive, onRoom, onEnd, signal }) {
  /** Live messages may arrive before the answer to the join; they wait for it. @type {Message[]} */
  let early = [];
  let underWay = false;
  let timer = 0;

  /** @param {boolean} [anew] what we have seen counts for nothing */
  async function join(anew = false) {
    clearTimeout(timer);
    if (underWay || state.now.ended || signal.aborted) return;
    underWay = true;
    try {
      await pendingLeaves.cancel(roomId);
      const known = anew ? {} : { ...seen(), epoch: state.now.epoch };
      settle(await connection.request('join', { roomId, ...known }));
    } catch (problem) {
      failed(problem, anew);
    } finally {
      underWay = false;
    }
  }

  /** @param {any} answer */
  function settle({ room, role, mutedUntil = 0, recovered, messages, more, seq, epoch, userCount, people }) {
    if (signal.aborted) return;
    onRoom({ ...room, userCount }, { role, mutedUntil });
    // A join that was refused before has said that the server cannot be reached.
    state.set({ link: 'online', joined: true, epoch, userCount, people: new Map(Object.entries(people)) });
    if (recovered) resume(messages, seq);
    else restart(messages, seq, more);
    const waited = early;
    early = [];
    waited.forEach(take);
  }

  /** @param {unknown} problem @param {boolean} anew */
  function failed(problem, anew) {
    if (!(problem instanceof Failed)) throw problem;
    if (signal.aborted) return;
    const code = problem instanceof Refused ? problem.code : '';
    if (code === 'not_found' || code === 'forbidden') return onEnd('gone');
    // Without an answer the connection comes back by itself, and joins then.
    if (code) timer = setTimeout(() => join(anew), RETRY_MS * (0.5 + Math.random()));
    if (code) state.set({ link: 'unreachable' });
  }

  function rejoin() {
    state.set({ joined: false });
    join(true);
  }

  /** @param {Message} message */
  function take(message) {
    const { type, sender, senderId, userCount, epoch } = message;
    if (type === 'CLOSE') return onEnd('closed');
    if (epoch && epoch !== state.now.epoch) return rejoin();
    state.set({ userCount });
    if (type === 'ENTER') state.set({ people: new Map(state.now.people).set(String(senderId), sender) });
    if (type === 'QUIT') state.set({ people: without(state.now.people, String(senderId)) });
    receive(message);
  }

  connection.on('connect', () => {
    early = [];
    join();
  }, signal);
  connection.on('disconnect', () => state.set({ joined: false }), signal);
  connection.on('message', (message) => {
    if (message.roomId !== roomId) return;
    if (state.now.joined) take(message);
    else early.push(message);
  }, signal);
  connection.on('notice', (notice) => {
    if (notice.roomId !== roomId) return;
    if (notice.code === 'kicked') onEnd('kicked');
    if (notice.code === 'reset') rejoin();
  }, signal);
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    if (!state.now.ended && connection.isOpen()) pendingLeaves.begin(roomId);
  });

  return {
    /**
     * Join, for the first time or to be given what is missing after the newest message shown. Where there is no
     * connection, the next one joins.
     */
    join() {
      if (connection.isOpen()) join();
    },
    /** Join, and begin with a fresh page. */
    rejoin,
    /** Leave for good; the page goes on after `LEAVE_TIMEOUT_MS` at the latest. */
    async leave() {
      state.set({ ended: 'left' });
      const timeout = new Promise((go) => setTimeout(go, LEAVE_TIMEOUT_MS));
      await Promise.race([connection.request('leave', { roomId }).catch(ifFailed(null)), timeout]);
    },
  };
}

/** @param {Map<string, string> | null} people @param {string} userId */
function without(people, userId) {
  return new Map([...(people ?? [])].filter(([other]) => other !== userId));
}
