/** Why a call did not do what it asked for. */

/**
 * The server said no. `code` as in the protocol; `retry`: the same call may succeed later;
 * `retryAfter` in seconds with `rate_limited`.
 */
export class Refused extends Error {
  /** @param {{ code: string, message: string, retry?: boolean, retryAfter?: number }} error */
  constructor({ code, message, retry, retryAfter }) {
    super(message);
    this.code = code;
    this.retry = Boolean(retry);
    this.retryAfter = retryAfter;
  }
}

/** Nobody knows whether the server got it: no connection, or no answer in time. */
export class Unanswered extends Error {}
