/** Calls of the HTTP API (docs/api.md), for changes in rooms other than the page's own. */
import { Refused, Unanswered } from './refused.js';
import { token } from './token.js';

const ANSWER_MS = 15_000;

/**
 * Rejects with `Refused` or `Unanswered`.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} what the call answers
 */
export async function call(method, path, body) {
  const answer = await ask(method, path, body);
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  if (told.error) throw new Refused(told.error);
  throw new Unanswered(`${method} ${path}: ${answer.status}`);
}

/** @param {string} method @param {string} path @param {object} [body] */
async function ask(method, path, body) {
  try {
    const headers = { Accept: 'application/json', Authorization: `Bearer ${await token()}`, 'Content-Type': 'application/json' };
    return await fetch(path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_MS) });
  } catch {
    throw new Unanswered(`${method} ${path}`);
  }
}
