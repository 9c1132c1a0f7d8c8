/** "Bora is typing…": sent at most every three seconds, shown for five. */
import { page, t } from './page.js';

const TELL_MS = 3000;
const SHOW_MS = 5000;

/** @param {{ line: HTMLElement, connection: ReturnType<typeof import('./connection.js').createConnection> }} parts */
export function createTyping({ line, connection }) {
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  const typing = new Map();
  let told = 0;

  function show() {
    const [name, other, third] = typing.keys();
    if (third) line.textContent = t('typing_many');
    else if (other) line.textContent = t('typing_two', { name, other });
    else line.textContent = name ? t('typing_one', { name }) : '';
  }

  /** @param {string} name who has said it, or gone */
  function stop(name) {
    clearTimeout(typing.get(name));
    if (typing.delete(name)) show();
  }

  connection.on('typing', ({ roomId, sender }) => {
    if (roomId !== page.roomId || sender === page.me) return;
    clearTimeout(typing.get(sender));
    typing.set(sender, setTimeout(() => stop(sender), SHOW_MS));
    show();
  });

  return {
    stop,
    /** What was typed is said. */
    done() {
      told = 0;
    },
    /** The person here is typing. */
    tell() {
      if (Date.now() - told < TELL_MS) return;
      told = Date.now();
      connection.tell('typing', { roomId: page.roomId });
    },
  };
}
