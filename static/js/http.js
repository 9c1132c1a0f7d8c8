/** Requests over HTTP, which fail in one way, however the network does. */
import { Failed, Unanswered } from './errors.js';

/**
 * `fetch`, which rejects with `Unanswered` where the server cannot be reached.
 *
 * @param {string} url @param {RequestInit} [options]
 */
export async function httpRequest(url, options) {
  try {
    return await fetch(url, options);
  } catch (problem) {
    throw new Unanswered(`${options?.method ?? 'GET'} ${url}`, { cause: problem });
  }
}

/** The whole body. Rejects with `Unanswered` where it breaks off. @param {Response} answer @returns {Promise<string>} */
export async function textOf(answer) {
  try {
    return await answer.text();
  } catch (problem) {
    throw new Unanswered(answer.url, { cause: problem });
  }
}

/**
 * The body; {} where it is empty. Rejects with `Unanswered` where it breaks off, and with `Failed` where it is
 * no JSON: something else than Maru has answered.
 *
 * @param {Response} answer @returns {Promise<any>}
 */
export async function jsonOf(answer) {
  const text = await textOf(answer);
  try {
    return JSON.parse(text || '{}');
  } catch (problem) {
    throw new Failed(`${answer.status} ${answer.url}`, { cause: problem });
  }
}
