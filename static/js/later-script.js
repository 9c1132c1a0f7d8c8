/** A script that a page needs only once somebody does a certain thing: what most people load first is less. */
import { element } from './dom.js';
import { Unanswered } from './errors.js';

const TIMEOUT_MS = 20_000;

/**
 * Fetch and run it. Rejects with `Unanswered` where the server cannot be reached.
 *
 * @param {string} address @returns {Promise<unknown>}
 */
export function fetchScript(address) {
  const script = element('script', { src: address });
  return new Promise((done, fail) => {
    const giveUp = () => {
      script.remove();
      fail(new Unanswered(address));
    };
    script.addEventListener('load', done);
    script.addEventListener('error', giveUp);
    setTimeout(giveUp, TIMEOUT_MS);
    document.head.append(script);
  });
}
