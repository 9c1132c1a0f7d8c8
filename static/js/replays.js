/**
 * Detects replays: sealed messages that come again under another number, as somebody without the key can
 * send them. The one with the lowest number is the message, in whatever order they arrive.
 *
 * @typedef {import('./message-row.js').Message} Message
 * @param {(into: HTMLElement) => void} onReplay a row that was shown turned out to be one
 */
export function createReplays(onReplay) {
  /** @type {Map<string, { seq: number, into: HTMLElement }>} */
  const first = new Map();

  /** @param {string} what @param {number} seq @param {HTMLElement} into */
  function isLater(what, seq, into) {
    const known = first.get(what);
    if (known && known.seq < seq) return true;
    first.set(what, { seq, into });
    if (known && known.seq > seq) onReplay(known.into);
    return false;
  }

  return {
    /** @param {HTMLElement} into the text of its row @param {Message} talk */
    isReplay(into, { seq, senderId, clientId, message }) {
      if (!seq) return false;
      // Older seals bind no clientId: the very same ciphertext tells.
      return [`${senderId}\n${clientId}`, message].filter((what) => !what.endsWith('\nundefined'))
        .map((what) => isLater(what, seq, into)).includes(true);
    },
  };
}
