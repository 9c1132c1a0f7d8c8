/**
 * How far one has read in the open room. The server is told as one reads on, at most twice a second, and tells all one's
 * devices. It goes back only when one asks for it; then nothing counts as read before the room is opened anew.
 */
import { callAtTheEnd } from './api.js';
import { ifFailed, Refused } from './errors.js';
import { address, page } from './page.js';

const TELL_EVERY_MS = 500;

/**
 * @param {object} parts
 * @param {ReturnType<typeof import('./connection.js').createConnection>} parts.connection
 * @param {(unread: number, isBack: boolean) => void} parts.onMoved the mark stands elsewhere, also by another device
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createReadMark({ connection, onMoved, signal }) {
  const roomId = String(page.roomId);
  /** What the server has. */
  let mark = page.read ?? 0;
  let left = page.unread ?? 0;
  let wanted = mark;
  let isHeld = false;
  let timer = 0;

  async function tell() {
    timer = 0;
    if (wanted <= mark || isHeld) return;
    timer = setTimeout(tell, TELL_EVERY_MS);
    // Without a connection the next one tells.
    if (connection.isOpen()) await connection.request('read', { roomId, seq: wanted }).catch(refused);
  }

  /** Who is no member yet has no mark: it is told with what one reads next. @param {unknown} problem */
  function refused(problem) {
    if (problem instanceof Refused) wanted = mark;
    ifFailed(null)(problem);
  }

  /** One has read up to this number. @param {number} seq */
  function readTo(seq) {
    if (isHeld || seq <= wanted) return;
    wanted = seq;
    if (!timer) tell();
  }

  /** From this number on it is unread. @param {number} seq */
  function unreadFrom(seq) {
    isHeld = true;
    return connection.request('read', { roomId, seq: seq - 1 });
  }

  /** Ask how far one has read, and what is unread. */
  async function refresh() {
    const { rooms: [own] } = await connection.request('unread', { rooms: [roomId] });
    if (own) [mark, left] = [own.read, own.unread];
  }

  /** Before the next page is asked for, which may be this one again. */
  function tellNow() {
    clearTimeout(timer);
    tell();
  }

  /** The page goes: its connection ends at once, and nothing tells whether the last call has arrived. */
  function tellLast() {
    clearTimeout(timer);
    timer = 0;
    if (wanted > mark && !isHeld) callAtTheEnd('PUT', address(`/api/rooms/${roomId}/read`), { seq: wanted });
  }

  connection.on('connect', tell, signal);
  addEventListener('beforeunload', tellNow, { signal });
  addEventListener('pagehide', tellLast, { signal });
  connection.on('me', ({ type, roomId: of, read, unread }) => {
    if (type !== 'read' || of !== roomId) return;
    const isBack = read < mark;
    mark = read;
    left = unread;
    if (isBack) {
      isHeld = true;
      wanted = read;
    }
    wanted = Math.max(wanted, read);
    onMoved(unread, isBack);
  }, signal);
  signal.addEventListener('abort', () => {
    tellNow();
    clearTimeout(timer);
  });

  return { readTo, unreadFrom, refresh, mark: () => mark, unread: () => left };
}
