/**
 * How people are shown now, by userId. The page brings those whom it shows; others are asked
 * for, several at once, when something of theirs is drawn.
 *
 * @typedef {import('./page.js').Gone} Gone
 * @typedef {{ userId: string, name: string, displayName: string, deactivated?: boolean, deleted?: boolean }} Person
 */
import { call } from './api.js';
import { ifFailed } from './errors.js';
import { address, page, t } from './page.js';

/** People asked for in one call. */
const PEOPLE_PER_CALL = 50;

/** @type {Map<string, string>} */
const known = new Map(Object.entries(page.people ?? {}));
/** Whose accounts are deactivated or deleted. @type {Map<string, Gone>} */
const gone = new Map(Object.entries(page.gone ?? {}));
/** @type {Set<string>} */
const asked = new Set();
/** @type {string[]} */
let wanted = [];
/** @type {Set<(userId: string) => void>} */
const watchers = new Set();

/** What a page says of those whom it shows. @param {Record<string, string>} [people] @param {Record<string, Gone>} [goneNow] */
export function learnAll(people = {}, goneNow = {}) {
  for (const [userId, displayName] of Object.entries(people)) {
    learn({ userId, name: displayName, displayName, deactivated: userId in goneNow, deleted: goneNow[userId] === 'deleted' });
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

/** That a person's account is deactivated or deleted, in words; '' where it is not. @param {string | undefined} userId */
export function goneWords(userId = '') {
  const how = gone.get(userId);
  return how ? t(how) : '';
}

/** @param {Person} person as the server tells now */
export function learn({ userId, name, displayName, deactivated, deleted }) {
  const shown = displayName || name;
  const how = deleted ? 'deleted' : deactivated ? 'deactivated' : undefined;
  if (known.get(userId) === shown && gone.get(userId) === how) return;
  known.set(userId, shown);
  if (how) gone.set(userId, how);
  else gone.delete(userId);
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
  const ids = wanted.slice(0, PEOPLE_PER_CALL);
  wanted = wanted.slice(PEOPLE_PER_CALL);
  if (wanted.length) setTimeout(fetchWanted);
  const answer = await call('GET', address(`/api/people?ids=${ids.join(',')}`)).catch(ifFailed(null));
  // Without one, they are asked for again when something of theirs is drawn next.
  if (answer) answer.people.forEach(learn);
  else ids.forEach((userId) => asked.delete(userId));
}
