/** Calls of the HTTP API (docs/api.md), for changes in rooms other than the page's own. */
import { Failed, Refused } from './errors.js';
import { httpRequest, jsonOf } from './http.js';
import { token } from './token.js';

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
  const headers = { Accept: 'application/json', Authorization: `Bearer ${await token()}`, 'Content-Type': 'application/json' };
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const answer = await httpRequest(path, { method, headers, body: body && JSON.stringify(body), signal });
  const told = await jsonOf(answer);
  if (answer.ok) return told;
  if (told.error) throw new Refused(told.error);
  throw new Failed(`${method} ${path}: ${answer.status}`);
}
