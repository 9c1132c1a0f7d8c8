/**
 * Edits, deletions and reactions, by the number of their message (`ref`). A change may be known before
 * its message, since pages load from the newest to the oldest. Of several changes the one with the
 * highest number counts, in whatever order they arrive.
 *
 * @typedef {import('./message-row.js').Message} Message
 */
export function createChanges() {
  /** @type {Map<number, Message[]>} by message */
  const edits = new Map();
  /** @type {Map<number, Map<string, Map<string, { seq: number, on: boolean }>>>} by message, emoji, person */
  const reactions = new Map();
  /** @type {Set<number>} */
  const deleted = new Set();

  /** @param {Message} change */
  function react({ ref = 0, emoji = '', sender, seq = 0, on = false }) {
    const emojis = reactions.get(ref) ?? new Map();
    const people = emojis.get(emoji) ?? new Map();
    if ((people.get(sender)?.seq ?? 0) < seq) people.set(sender, { seq, on });
    emojis.set(emoji, people);
    reactions.set(ref, emojis);
  }

  return {
    /** @param {Message} change */
    take(change) {
      const { type, ref = 0 } = change;
      if (type === 'EDIT') edits.set(ref, withoutRepeats([...(edits.get(ref) ?? []), change]));
      if (type === 'DELETE') deleted.add(ref);
      if (type === 'REACT') react(change);
    },

    /** The newest edit of a message. @param {number} seq @returns {Message | undefined} */
    editOf(seq) {
      return edits.get(seq)?.at(-1);
    },

    /** @param {number} seq */
    isDeleted(seq) {
      return deleted.has(seq);
    },

    /** @param {number} seq @returns {[emoji: string, names: string[]][]} */
    reactionsTo(seq) {
      return [...(reactions.get(seq) ?? [])]
        .map(([emoji, people]) => /** @type {[string, string[]]} */ ([emoji, [...people.keys()].filter((name) => people.get(name)?.on)]))
        .filter(([, names]) => names.length);
    },

    /** Forget all changes: another epoch has begun. */
    clear() {
      edits.clear();
      reactions.clear();
      deleted.clear();
    },
  };
}

/**
 * The edits in order, each clientId once, with its lowest number: an edit that was stored twice must not
 * undo a later edit.
 *
 * @param {Message[]} edits of one message
 */
function withoutRepeats(edits) {
  const inOrder = edits.toSorted((one, other) => Number(one.seq) - Number(other.seq));
  return inOrder.filter(({ clientId }, at) => !clientId || inOrder.findIndex((other) => other.clientId === clientId) === at);
}
