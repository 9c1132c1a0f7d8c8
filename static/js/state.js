/**
 * What changes while a page is open stands in one object; whoever shows a part of it watches that
 * part. `state.now` is for reading, `state.set` the only way to change it.
 *
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

    /** Run now, and after every change of one of these. @param {(keyof Values)[]} keys @param {(now: Values) => void} run */
    watch(keys, run) {
      watchers.push({ keys, run });
      run(now);
    },
  };
}
