/**
 * The page's side of an encrypted room: finding the key, or asking for it, and writing messages with
 * it. cipher.js does the arithmetic.
 */
import { available, newKey, open, readKey, seal } from './cipher.js';
import { byId, element, icon } from './dom.js';
import { page, t } from './page.js';
import { showStop } from './stop.js';
import { format } from './text.js';

const roomId = String(page.roomId);
const stored = `maru.key.${roomId}`;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.over where the panel goes that asks for the key
 * @param {(change: () => void) => void} parts.keeping changes rows without moving what is read
 * @param {(open: boolean) => void} parts.onOpen may one read and write now?
 */
export function createSealedRoom({ over, keeping, onOpen }) {
  /** @type {CryptoKey | null} */
  let key = null;
  /** Messages are sealed one after the other, so that they are sent in the order written. @type {Promise<any>} */
  let sealing = Promise.resolve();
  /** Rows that wait for the key. @type {Set<[HTMLElement, string]>} */
  const locked = new Set();

  /** A sealed message of this room, if there is one: a key that opens it is the right one. */
  const sample = () => /** @type {HTMLElement | null} */ (document.querySelector('[data-sealed]'))?.dataset.sealed;

  async function findKey() {
    if (!available) return showStop(over, { title: t('no_crypto_title'), text: t('no_crypto_text') });
    const held = [fromLink(location.hash), localStorage.getItem(stored)];
    for (const text of held) if (text && (await use(text))) return;
    // The owner who has just opened the room makes its key; nobody else ever does.
    if (page.owner === page.me && !sample() && !held.some(Boolean)) await use(newKey());
    else ask();
  }

  /** @param {string} text @returns {Promise<boolean>} does it fit? */
  async function use(text) {
    try {
      const candidate = await readKey(text);
      const sealed = sample();
      if (sealed) await open(candidate, roomId, sealed);
      key = candidate;
    } catch {
      return false;
    }
    localStorage.setItem(stored, text);
    history.replaceState(history.state, '', `#k=${text}`);
    over.querySelector('.stop')?.remove();
    offerInvitation();
    for (const [into, sealed] of locked) unlock(into, sealed);
    locked.clear();
    onOpen(true);
    return true;
  }

  function ask() {
    onOpen(false);
    const input = /** @type {HTMLInputElement} */ (element('input', { id: 'key', autocomplete: 'off', spellcheck: 'false', required: true }));
    const wrong = element('p', { class: 'error', role: 'alert', hidden: true }, t('no_key_wrong'));
    const row = element('div', { class: 'row' }, input, element('button', { class: 'button primary' }, t('no_key_open')));
    const form = element('form', { class: 'field' }, element('label', { for: 'key' }, t('no_key_label')), row, wrong);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const text = input.value.trim();
      wrong.hidden = await use(fromLink(text) || text);
    });
    showStop(over, { title: t('no_key_title'), text: t('no_key_text') }, form);
  }

  /** Put a message into its row; it opens in place. @param {HTMLElement} into @param {string} sealed */
  function write(into, sealed) {
    into.dataset.sealed = sealed;
    into.classList.add('sealed');
    if (!into.hasChildNodes()) into.textContent = t('sealed');
    if (key) unlock(into, sealed);
    else locked.add([into, sealed]);
  }

  /** @param {HTMLElement} into @param {string} sealed */
  async function unlock(into, sealed) {
    try {
      const text = await open(/** @type {CryptoKey} */ (key), roomId, sealed);
      keeping(() => {
        into.replaceChildren(format(text));
        into.classList.remove('sealed');
      });
    } catch {
      keeping(() => { into.textContent = t('unreadable'); });
    }
  }

  function offerInvitation() {
    byId('invite').hidden = false;
    const button = byId('copy-invite');
    button.onclick = async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        button.replaceChildren(icon('check'), element('span', { role: 'status' }, t('copied')));
      } catch {
        prompt(t('copy_by_hand'), location.href);
      }
    };
  }

  addEventListener('hashchange', () => {
    const text = fromLink(location.hash);
    if (text && !key) use(text);
  });

  return {
    findKey,
    write,
    /** @param {string} text */
    open: (text) => open(/** @type {CryptoKey} */ (key), roomId, text),
    /** @param {string} text @returns {Promise<string>} */
    seal(text) {
      sealing = sealing.then(() => seal(/** @type {CryptoKey} */ (key), roomId, text));
      return sealing;
    },
  };
}

/** The key in an invite link or its fragment. @param {string} link */
function fromLink(link) {
  return /#k=([\w-]+)/.exec(link)?.[1] ?? '';
}
