/**
 * Announcements in the conversation: who came (ENTER) and who left (QUIT). They never outweigh what is said:
 * one line gathers all moves until several messages stand below it, and who is back within minutes was not away.
 */
import { announcementRow, writeAnnouncement } from './message-row.js';

/** @typedef {import('./message-row.js').Message} Message */
/** @typedef {{ row: HTMLElement, moves: Map<string, 'ENTER' | 'QUIT'>, at: number }} Line */

/** Messages below a line before there may be another. */
const APART_MESSAGES = 5;
/** With fewer, but some, after so long. */
const NEW_LINE_MS = 10 * 60 * 1000;
/** Who is back by then was not away. */
const RETURN_MS = 5 * 60 * 1000;

/** @param {(row: HTMLElement, at: number) => void} put at the end of the conversation */
export function createAnnouncements(put) {
  /** @type {Line | null} */
  let newest = null;
  let messages = 0;
  /** @type {Line[]} */
  let all = [];
  /** @type {Map<string, { at: number, line: Line }>} */
  const left = new Map();

  /** @param {number} at */
  function lineFor(at) {
    const spent = messages >= APART_MESSAGES || (messages > 0 && at - (newest?.at ?? 0) > NEW_LINE_MS);
    if (!newest?.row.isConnected || spent) {
      newest = { row: announcementRow(new Map(), at), moves: new Map(), at };
      all.push(newest);
      messages = 0;
      put(newest.row, at);
    }
    return newest;
  }

  /** @param {Line} line */
  function write(line) {
    if (line.moves.size) writeAnnouncement(line.row, line.moves);
    else line.row.remove();
  }

  /** @param {string} userId @param {number} at @returns {boolean} whether that undid a leaving */
  function cameBack(userId, at) {
    const leaving = left.get(userId);
    left.delete(userId);
    if (!leaving || at - leaving.at > RETURN_MS || leaving.line.moves.get(userId) !== 'QUIT') return false;
    leaving.line.moves.delete(userId);
    write(leaving.line);
    return true;
  }

  return {
    /** @param {Message} message ENTER or QUIT */
    move({ type, senderId = '', sentAt }) {
      if (type === 'ENTER' && cameBack(senderId, sentAt)) return;
      const line = lineFor(sentAt);
      line.moves.delete(senderId);
      line.moves.set(senderId, type === 'ENTER' ? 'ENTER' : 'QUIT');
      if (type === 'QUIT') left.set(senderId, { at: sentAt, line });
      write(line);
    },

    /** Somebody is shown in another way now. @param {string} userId */
    rename(userId) {
      all = all.filter(({ row }) => row.isConnected);
      all.filter(({ moves }) => moves.has(userId)).forEach(write);
    },

    /** Something was said below the newest line. */
    said() {
      messages += 1;
    },

    /** All rows were replaced. */
    clear() {
      newest = null;
      all = [];
      left.clear();
    },
  };
}
