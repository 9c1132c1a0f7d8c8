/**
 * The page's Socket.IO connection: it connects with a token, renews the token, and reconnects with
 * jittered backoff. Every call resolves with its acknowledgement or rejects with a reason.
 */
import { io } from '../vendor/socket.io.esm.min.js';
import { Failed, ifFailed, Refused, Unanswered } from './errors.js';
import { address } from './page.js';
import { forgetToken, renewIn, token, toLogin } from './token.js';

const ANSWER_TIMEOUT_MS = 10_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;
const RENEWAL_RETRY_MS = 5000;
/** After so many failed attempts the server counts as unreachable. */
const UNREACHABLE_AFTER_FAILURES = 3;

/** @typedef {'connecting' | 'online' | 'offline' | 'unreachable'} Link */

export function createConnection() {
  const socket = io({ path: address('/socket.io'), transports: ['websocket'], autoConnect: false, reconnection: false });
  let wanted = false;
  let connecting = false;
  let failures = 0;
  let retry = 0;
  let renewal = 0;
  /** @type {Link} */
  let link = 'connecting';
  /** @type {Set<(link: Link) => void>} */
  const watchers = new Set();

  /** @param {Link} now */
  function tellLink(now) {
    link = now;
    watchers.forEach((run) => run(now));
  }

  async function connect() {
    clearTimeout(retry);
    if (!wanted || connecting || socket.connected) return;
    connecting = true;
    try {
      socket.auth = { token: await token() };
    } catch (problem) {
      failed();
      if (!(problem instanceof Failed)) throw problem;
      return;
    }
    socket.connect();
  }

  function failed() {
    connecting = false;
    clearTimeout(renewal);
    clearTimeout(retry);
    if (!wanted) return;
    failures += 1;
    tellLink(navigator.onLine && failures > UNREACHABLE_AFTER_FAILURES ? 'unreachable' : 'offline');
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
    retry = setTimeout(connect, delay * (0.5 + Math.random()));
  }

  socket.on('connect', () => {
    connecting = false;
    failures = 0;
    renewal = setTimeout(renew, renewIn());
    tellLink('online');
  });
  socket.on('disconnect', failed);
  socket.on('connect_error', (/** @type {any} */ error) => {
    if (error.data?.code === 'token_revoked') return toLogin();
    if (error.data?.code) forgetToken();
    failed();
  });
  socket.on('notice', (/** @type {{ code: string }} */ { code }) => {
    if (code === 'expiring') renew();
    if (code === 'expired') forgetToken();
    if (code === 'revoked') toLogin();
    // After `expired`, `revoked`, `draining` and `slow` the server closes the connection.
  });

  async function renew() {
    clearTimeout(renewal);
    forgetToken();
    try {
      await request('reauth', {});
    } catch (problem) {
      renewal = setTimeout(renew, RENEWAL_RETRY_MS * (0.5 + Math.random()));
      if (!(problem instanceof Failed)) throw problem;
      return;
    }
    renewal = setTimeout(renew, renewIn());
  }

  /** Close the connection and connect again: the `disconnect` event schedules that. */
  function restart() {
    socket.disconnect();
  }

  /** @param {string} event @param {object} fields @returns {Promise<any>} the acknowledgement */
  async function ask(event, fields) {
    try {
      const call = { token: await token(), ...fields };
      if (!socket.connected) throw new Unanswered();
      return await emit(event, call);
    } catch (problem) {
      // A connection on which calls get no answer is replaced.
      if (socket.connected) restart();
      throw problem instanceof Failed ? new Unanswered() : problem;
    }
  }

  /** @param {string} event @param {object} call */
  async function emit(event, call) {
    try {
      return await socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, call);
    } catch (problem) {
      throw new Unanswered(event, { cause: problem });
    }
  }

  /** Rejects with `Refused` or `Unanswered`. @param {string} event @param {object} fields */
  async function request(event, fields) {
    let answer = await ask(event, fields);
    if (answer.error?.code === 'token_expired') {
      forgetToken();
      answer = await ask(event, fields);
    }
    if (answer.error?.code === 'token_revoked') toLogin();
    if (!answer.ok) throw new Refused(answer.error);
    return answer;
  }

  function start() {
    wanted = true;
    connect();
  }

  function stop() {
    wanted = false;
    connecting = false;
    clearTimeout(retry);
    clearTimeout(renewal);
    socket.disconnect();
  }

  addEventListener('online', () => {
    failures = 0;
    // The connection may be broken without the browser's noticing: a call finds out.
    if (socket.connected) renew().then(() => { if (socket.connected) tellLink('online'); });
    else connect();
  });
  addEventListener('offline', () => { if (wanted) tellLink('offline'); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) connect(); });
  // Leaving the page closes at once; coming back to it from the browser's cache connects again.
  addEventListener('pagehide', stop);
  addEventListener('pageshow', (event) => { if (event.persisted) start(); });

  return {
    start,
    stop,
    restart,
    request,
    /** Without an answer, and dropped while there is no connection or token. @param {string} event @param {object} fields */
    async tell(event, fields) {
      const text = await token().catch(ifFailed(null));
      if (text && socket.connected) socket.volatile.emit(event, { token: text, ...fields });
    },
    isOpen: () => socket.connected,

    /** Until the signal aborts. @param {string} event @param {(payload: any) => void} listener @param {AbortSignal} [signal] */
    on(event, listener, signal) {
      socket.on(event, listener);
      signal?.addEventListener('abort', () => socket.off(event, listener));
    },

    /** Run now, and after every change, until the signal aborts. @param {(link: Link) => void} run @param {AbortSignal} [signal] */
    watchLink(run, signal) {
      watchers.add(run);
      signal?.addEventListener('abort', () => watchers.delete(run));
      run(link);
    },
  };
}
