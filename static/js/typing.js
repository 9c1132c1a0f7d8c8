/** "Bora is typing…": sent at most every three seconds, shown for five. */
import { element } from './dom.js';
import { shownName } from './known-people.js';
import { page, t } from './page.js';

const TELL_MS = 3000;
const SHOW_MS = 5000;

/**
 * @param {object} parts
 * @param {string} parts.roomId
 * @param {HTMLElement} parts.line
 * @param {ReturnType<typeof import('./connection.js').createConnection>} parts.connection
 * @param {AbortSignal} parts.signal aborts when the room is left
 */
export function createTyping({ roomId, line, connection, signal }) {
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  const typing = new Map();
  let told = 0;

  function show() {
    const [name, other, third] = [...typing.keys()].map((userId) => shownName(userId));
    const key = third ? 'typing_many' : other ? 'typing_two' : 'typing_one';
    line.replaceChildren(...(name ? withNames(key, { name, other }) : []));
  }

  /** @param {string} userId who has said it, or gone */
  function stop(userId) {
    clearTimeout(typing.get(userId));
    if (typing.delete(userId)) show();
  }

  connection.on('typing', ({ roomId: where, senderId }) => {
    if (where !== roomId || senderId === page.myId) return;
    clearTimeout(typing.get(senderId));
    typing.set(senderId, setTimeout(() => stop(senderId), SHOW_MS));
    show();
  }, signal);
  signal.addEventListener('abort', () => typing.forEach((timer) => clearTimeout(timer)));

  return {
    stop,
    show,
    /** What was typed is said. */
    done() {
      told = 0;
    },
    /** The person here is typing. */
    tell() {
      if (Date.now() - told < TELL_MS) return;
      told = Date.now();
      connection.tell('typing', { roomId });
    },
  };
}

/**
 * A sentence with each name in an element of its own, which can be cut where the line is too short.
 *
 * @param {string} key @param {Record<string, string>} names
 */
function withNames(key, names) {
  return t(key).split(/\{(\w+)\}/).map((part, i) => (i % 2 ? element('bdi', {}, names[part]) : part));
}
