/**
 * Who is who: how people are shown now, by userId. The page brings those whom it shows; others are asked
 * for, several at once, when something of theirs is drawn.
 *
 * @typedef {{ userId: string, name: string, displayName: string, deactivated?: boolean }} Person
 */
import { call } from './api.js';
import { address, page } from './page.js';
import { ifFailed } from './refused.js';

/** People asked for in one call. */
const TOGETHER = 50;

/** @type {Map<string, string>} */
const known = new Map(Object.entries(page.people ?? {}));
/** Those whose accounts are deactivated or deleted. @type {Set<string>} */
const inactive = new Set(page.inactive ?? []);
/** @type {Set<string>} */
const asked = new Set();
/** @type {string[]} */
let wanted = [];
/** @type {Set<(userId: string) => void>} */
const watchers = new Set();

/** What a page says of those whom it shows. @param {Record<string, string>} [people] @param {string[]} [deactivated] */
export function learnAll(people = {}, deactivated = []) {
  for (const [userId, displayName] of Object.entries(people)) {
    learn({ userId, name: displayName, displayName, deactivated: deactivated.includes(userId) });
  }
}

/**
 * What a person is shown as; the name until that is known.
 *
 * @param {string | undefined} userId
 * @param {string} [name] when it was said, or done
 */
export function shownName(userId, name = '') {
  if (!userId) return name;
  const shown = known.get(userId);
  if (shown === undefined) ask(userId);
  return shown ?? (name || '…');
}

/** Whether a person's account is deactivated or deleted. @param {string | undefined} userId */
export const isInactive = (userId) => userId !== undefined && inactive.has(userId);

/** @param {Person} person as the server tells now */
export function learn({ userId, name, displayName, deactivated }) {
  const shown = displayName || name;
  if (known.get(userId) === shown && inactive.has(userId) === Boolean(deactivated)) return;
  known.set(userId, shown);
  if (deactivated) inactive.add(userId);
  else inactive.delete(userId);
  watchers.forEach((run) => run(userId));
}

/**
 * Somebody is shown in another way than before, or is deactivated or active again.
 *
 * @param {(userId: string) => void} run @param {AbortSignal} [signal] aborts when the room is left
 */
export function onRenamed(run, signal) {
  watchers.add(run);
  signal?.addEventListener('abort', () => watchers.delete(run));
}

/** @param {string} userId */
function ask(userId) {
  if (asked.has(userId)) return;
  asked.add(userId);
  if (!wanted.length) setTimeout(fetchWanted);
  wanted.push(userId);
}

async function fetchWanted() {
  const ids = wanted.slice(0, TOGETHER);
  wanted = wanted.slice(TOGETHER);
  if (wanted.length) setTimeout(fetchWanted);
  const answer = await call('GET', address(`/api/people?ids=${ids.join(',')}`)).catch(ifFailed(null));
  // Without one, they are asked for again when something of theirs is drawn next.
  if (answer) answer.people.forEach(learn);
  else ids.forEach((userId) => asked.delete(userId));
}
