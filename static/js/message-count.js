/**
 * The number of messages (TALKs) that the room has had, up to the newest one known here. The server
 * sends that number from time to time, with a seq; later messages are counted here.
 *
 * @param {{ seq: number, said: number }} first
 */
export function createMessageCount(first) {
  let known = first;
  /** @type {number[]} */
  let since = [];

  return {
    /** Take the server's number. @param {{ seq?: number, said?: number }} room */
    learn({ seq, said }) {
      if (seq === undefined || said === undefined) return;
      known = { seq, said };
      since = since.filter((number) => number > seq);
    },

    /** Count a message. @param {number} seq */
    count(seq) {
      if (seq > known.seq && !since.includes(seq)) since.push(seq);
    },

    /** Up to the entry with this number, which is the newest that we have. @param {number} newest */
    upTo(newest) {
      // The server may be ahead of us: then what is missing here is not read yet.
      return newest < known.seq ? null : { seq: newest, said: known.said + since.length };
    },
  };
}
