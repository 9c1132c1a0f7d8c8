/** Calls of the HTTP API (docs/api.md), for changes in rooms other than the page's own. */
import { Failed, ifFailed, Refused } from './errors.js';
import { httpRequest, jsonOf } from './http.js';
import { heldToken, token } from './token.js';

const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Rejects with `Refused`, or with another `Failed` where nobody knows whether it was done.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} what the call answers
 */
export async function call(method, path, body) {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const answer = await httpRequest(path, { method, headers: headersWith(await token()), body: body && JSON.stringify(body), signal });
  const told = await jsonOf(answer);
  if (answer.ok) return told;
  if (told.error) throw new Refused(told.error);
  throw new Failed(`${method} ${path}: ${answer.status}`);
}

/**
 * A call while the page goes, which the browser finishes without it. Without a token there is no time to get one.
 *
 * @param {string} method @param {string} path @param {object} body
 */
export function callAtTheEnd(method, path, body) {
  const valid = heldToken();
  if (!valid) return;
  httpRequest(path, { method, headers: headersWith(valid), body: JSON.stringify(body), keepalive: true }).catch(ifFailed(null));
}

/** @param {string} valid token */
function headersWith(valid) {
  return { Accept: 'application/json', Authorization: `Bearer ${valid}`, 'Content-Type': 'application/json' };
}
