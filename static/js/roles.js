/** What people are in this page's room, where they are more or less than plain members. */
import { goneWords } from './known-people.js';
import { page, t } from './page.js';

/** Role, and until when muted (ms, 0 for not), by userId. @type {Map<string, [role: string, mutedUntil: number]>} */
const roles = new Map();
/** @type {Set<(userId: string) => void>} */
const watchers = new Set();

/** What the page of a room says. @param {Record<string, [role: string, mutedUntil: number]>} [told] */
export function learnRoles(told = {}) {
  roles.clear();
  for (const [userId, role] of Object.entries(told)) roles.set(userId, role);
}

/** @param {{ userId: string, role?: string, mutedUntil?: number, gone?: boolean }} told */
export function learnRole({ userId, role = 'member', mutedUntil = 0, gone }) {
  if (gone || (role === 'member' && !mutedUntil)) roles.delete(userId);
  else roles.set(userId, [role, mutedUntil]);
  watchers.forEach((run) => run(userId));
}

/**
 * Somebody's role has changed, or somebody was added, muted or removed.
 *
 * @param {(userId: string) => void} run @param {AbortSignal} [signal] aborts when the room is left
 */
export function onRole(run, signal) {
  watchers.add(run);
  signal?.addEventListener('abort', () => watchers.delete(run));
}

/** What a list says behind a name; templates/_rows.html says the same. @param {string} userId */
export function marksOf(userId) {
  const [role, mutedUntil] = roles.get(userId) ?? ['member', 0];
  return [
    userId === page.myId && t('you'),
    role !== 'member' && t(`role_${role}`),
    mutedUntil > Date.now() && t('muted'),
    goneWords(userId),
  ].filter(Boolean).join(' · ');
}
