/**
 * Leaves rooms that the page has left for another room, while the connection stays. A leave that the server puts
 * off is repeated; one that it never answers is settled by the end of the connection.
 */
import { Failed, Refused } from './errors.js';

const RETRY_MS = 1000;

/** @param {ReturnType<typeof import('./connection.js').createConnection>} connection */
export function createPendingLeaves(connection) {
  /** @type {Map<string, { cancel: () => void, settled: Promise<void> }>} by room */
  const pending = new Map();

  /** @param {string} roomId @param {AbortSignal} cancelled */
  async function leave(roomId, cancelled) {
    while (!cancelled.aborted && connection.isOpen()) {
      const wait = await connection.request('leave', { roomId }).then(() => 0, pauseAfter);
      if (!wait) return;
      await new Promise((go) => {
        const timer = setTimeout(go, wait);
        cancelled.addEventListener('abort', () => { clearTimeout(timer); go(undefined); });
      });
    }
  }

  return {
    /** @param {string} roomId */
    begin(roomId) {
      const cancelling = new AbortController();
      const settled = leave(roomId, cancelling.signal).finally(() => pending.delete(roomId));
      pending.set(roomId, { cancel: () => cancelling.abort(), settled });
    },

    /** One comes back to it: resolves when no leave is under way that could take one out again. @param {string} roomId */
    async cancel(roomId) {
      pending.get(roomId)?.cancel();
      await pending.get(roomId)?.settled;
    },
  };
}

/** @param {unknown} problem @returns {number} ms until it is tried again; 0: it is over */
function pauseAfter(problem) {
  if (!(problem instanceof Failed)) throw problem;
  if (!(problem instanceof Refused) || !problem.retry || problem.code === 'not_joined') return 0;
  return problem.retryAfter ? problem.retryAfter * 1000 : RETRY_MS;
}
