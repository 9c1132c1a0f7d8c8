/**
 * The page's state in one object. `state.now` is read-only; `state.set` changes it, and runs the
 * watchers of the changed keys.
 *
 * @typedef {object} RoomState
 * @property {import('./connection.js').Link} link
 * @property {boolean} joined
 * @property {string | undefined} epoch
 * @property {number} userCount
 * @property {Map<string, string> | null} people names by userId
 * @property {string} ended why the conversation is over, if it is
 * @property {boolean} open may one write? In an encrypted room, once its key is known
 * @property {boolean} isReadOnly the room is archived, or one is muted
 * @typedef {ReturnType<typeof createState<RoomState>>} State
 */

/**
 * @template {Record<string, any>} Values
 * @param {Values} initial
 */
export function createState(initial) {
  const now = { ...initial };
  /** @type {{ keys: (keyof Values)[], run: (now: Values) => void }[]} */
  const watchers = [];

  return {
    /** @type {Readonly<Values>} */
    now,

    /** @param {Partial<Values>} changes */
    set(changes) {
      const changed = Object.keys(changes).filter((key) => now[key] !== changes[key]);
      Object.assign(now, changes);
      for (const { keys, run } of watchers) {
        if (keys.some((key) => changed.includes(String(key)))) run(now);
      }
    },

    /** Resolves once it is so. @param {(now: Values) => boolean} isSo @returns {Promise<void>} */
    reached(isSo) {
      return new Promise((done) => {
        const look = () => { if (isSo(now)) done(); };
        watchers.push({ keys: Object.keys(now), run: look });
        look();
      });
    },

    /** Run now, and after every change of one of these. @param {(keyof Values)[]} keys @param {(now: Values) => void} run */
    watch(keys, run) {
      watchers.push({ keys, run });
      run(now);
    },
  };
}
