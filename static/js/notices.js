/**
 * Who came and who left, in the conversation. It never outweighs what is said: one line gathers all
 * moves until several messages stand below it, and who is back within minutes was not away.
 */
import { noticeRow, writeNotice } from './message-row.js';

/** @typedef {import('./message-row.js').Message} Message */
/** @typedef {{ row: HTMLElement, moves: Map<string, 'ENTER' | 'QUIT'>, at: number }} Notice */

/** Messages below a line before there may be another. */
const APART = 5;
/** With fewer, but some, after so long. */
const AFRESH_MS = 10 * 60 * 1000;
/** Who is back by then was not away. */
const RETURN_MS = 5 * 60 * 1000;

/** @param {(row: HTMLElement, at: number) => void} put at the end of the conversation */
export function createNotices(put) {
  /** @type {Notice | null} */
  let newest = null;
  let messages = 0;
  /** @type {Notice[]} */
  let all = [];
  /** @type {Map<string, { at: number, notice: Notice }>} */
  const left = new Map();

  /** @param {number} at */
  function noticeFor(at) {
    const spent = messages >= APART || (messages > 0 && at - (newest?.at ?? 0) > AFRESH_MS);
    if (!newest?.row.isConnected || spent) {
      newest = { row: noticeRow(new Map(), at), moves: new Map(), at };
      all.push(newest);
      messages = 0;
      put(newest.row, at);
    }
    return newest;
  }

  /** @param {Notice} notice */
  function write(notice) {
    if (notice.moves.size) writeNotice(notice.row, notice.moves);
    else notice.row.remove();
  }

  /** @param {string} userId @param {number} at @returns {boolean} whether that undid a leaving */
  function cameBack(userId, at) {
    const leaving = left.get(userId);
    left.delete(userId);
    if (!leaving || at - leaving.at > RETURN_MS || leaving.notice.moves.get(userId) !== 'QUIT') return false;
    leaving.notice.moves.delete(userId);
    write(leaving.notice);
    return true;
  }

  return {
    /** @param {Message} message ENTER or QUIT */
    move({ type, senderId = '', sentAt }) {
      if (type === 'ENTER' && cameBack(senderId, sentAt)) return;
      const notice = noticeFor(sentAt);
      notice.moves.delete(senderId);
      notice.moves.set(senderId, type === 'ENTER' ? 'ENTER' : 'QUIT');
      if (type === 'QUIT') left.set(senderId, { at: sentAt, notice });
      write(notice);
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
