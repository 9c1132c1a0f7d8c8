/**
 * Why a call did not do what it asked for. Who catches one looks for these, and throws on whatever else it
 * is: that is a mistake in a script, and the browser's console is to tell of it.
 */

/** Any of the reasons, all of which are ordinary: without a network, say, or in a room that has ended. */
export class Failed extends Error {}

/**
 * The server said no. `code` as in the protocol; `retry`: the same call may succeed later;
 * `retryAfter` in seconds with `rate_limited`.
 */
export class Refused extends Failed {
  /** @param {{ code: string, message: string, retry?: boolean, retryAfter?: number }} error */
  constructor({ code, message, retry, retryAfter }) {
    super(message);
    this.code = code;
    this.retry = Boolean(retry);
    this.retryAfter = retryAfter;
  }
}

/** Nobody knows whether the server got it: no connection, or no answer in time. */
export class Unanswered extends Failed {}

/**
 * What is given instead of an answer to a call that has failed.
 *
 * @template T
 * @param {T} instead
 * @returns {(problem: unknown) => T} for `catch()` of a promise; throws on what is no `Failed`
 */
export function ifFailed(instead) {
  return (problem) => {
    if (problem instanceof Failed) return instead;
    throw problem;
  };
}
