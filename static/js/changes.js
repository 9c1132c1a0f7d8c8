/** What a change has that counts for nothing here. */
const NOBODY = { type: 'REACT', roomId: '', sender: '', message: '', sentAt: 0 };

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
  function react({ ref = 0, emoji = '', senderId = '', seq = 0, on = false }) {
    const emojis = reactions.get(ref) ?? new Map();
    const people = emojis.get(emoji) ?? new Map();
    if ((people.get(senderId)?.seq ?? 0) < seq) people.set(senderId, { seq, on });
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

    /**
     * Take what a page says of a message, which reads as after all changes up to this number.
     *
     * @param {Message} talk @param {number} upTo
     */
    asRead({ seq = 0, roomId, senderId, message, editedAt, edits, mentions, mentionNames, reactions: given = {} }, upTo) {
      for (const [emoji, people] of reactions.get(seq) ?? []) {
        for (const [userId, { seq: at }] of people) if (at <= upTo) people.delete(userId);
        if (!people.size) reactions.get(seq)?.delete(emoji);
      }
      for (const [emoji, userIds] of Object.entries(given)) {
        for (const senderId of userIds) react({ ...NOBODY, ref: seq, emoji, senderId, seq: upTo, on: true });
      }
      if (edits) edits.forEach(this.take);
      else if (editedAt) this.take({ ...NOBODY, type: 'EDIT', roomId, senderId, message, mentions, mentionNames, ref: seq, seq: upTo, sentAt: editedAt });
    },

    /** The newest edit of a message. @param {number} seq @returns {Message | undefined} */
    editOf(seq) {
      return edits.get(seq)?.at(-1);
    },

    /** @param {number} seq */
    isDeleted(seq) {
      return deleted.has(seq);
    },

    /** In the order in which pages have them. @param {number} seq @returns {[emoji: string, userIds: string[]][]} */
    reactionsTo(seq) {
      return [...(reactions.get(seq) ?? [])]
        .map(([emoji, people]) => /** @type {[string, string[]]} */ ([emoji, [...people.keys()].filter((userId) => people.get(userId)?.on).sort()]))
        .filter(([, userIds]) => userIds.length)
        .sort(([one], [other]) => byCodePoint(one, other));
    },

    /** Forget all changes: another epoch has begun. */
    clear() {
      edits.clear();
      reactions.clear();
      deleted.clear();
    },
  };
}

/** As the store sorts texts; a comparison of JavaScript's strings is another one. @param {string} one @param {string} other */
function byCodePoint(one, other) {
  const [left, right] = [[...one], [...other]].map((points) => points.map((point) => Number(point.codePointAt(0))));
  const at = left.findIndex((point, i) => point !== right[i]);
  return at < 0 ? left.length - right.length : left[at] - (right[at] ?? -1);
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
