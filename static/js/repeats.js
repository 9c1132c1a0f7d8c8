/**
 * Sealed messages that come again under another number, as only somebody who cannot seal any would have
 * them do. The one with the lowest number is the message, in whatever order they are learnt.
 *
 * @typedef {import('./message-row.js').Message} Message
 * @param {(into: HTMLElement) => void} onRepeat a row that was shown turned out to be one
 */
export function createRepeats(onRepeat) {
  /** @type {Map<string, { seq: number, into: HTMLElement }>} */
  const first = new Map();

  /** @param {string} what @param {number} seq @param {HTMLElement} into */
  function isLater(what, seq, into) {
    const known = first.get(what);
    if (known && known.seq < seq) return true;
    first.set(what, { seq, into });
    if (known && known.seq > seq) onRepeat(known.into);
    return false;
  }

  return {
    /** @param {HTMLElement} into the text of its row @param {Message} talk */
    isRepeat(into, { seq, senderId, clientId, message }) {
      if (!seq) return false;
      // Older seals bind no clientId: the very same ciphertext tells.
      return [`${senderId}\n${clientId}`, message].filter((what) => !what.endsWith('\nundefined'))
        .map((what) => isLater(what, seq, into)).includes(true);
    },
  };
}
