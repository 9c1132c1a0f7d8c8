/**
 * Rooms that the server cannot read. AES-GCM with a 256-bit key that is made in the browser of whoever
 * opens the room and lives in invite links (#k=…, which browsers never send) and in localStorage.
 *
 * A message goes over the wire as `maru1.<iv>.<ciphertext>`, both base64url; the room's id is
 * authenticated with it, so that a message cannot be moved to another room.
 */
const VERSION = 'maru1';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const ALGORITHM = 'AES-GCM';
/** `maru1.` + 16 characters of iv + `.` */
const HEAD_CHARACTERS = VERSION.length + 1 + 16 + 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Browsers have no WebCrypto on plain http, localhost apart. */
export const available = Boolean(globalThis.crypto?.subtle);

/** A new key, as the text that goes into a link. */
export function newKey() {
  return toText(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/** @param {string} text @returns {Promise<CryptoKey>} rejects for what is no key */
export async function readKey(text) {
  const bytes = fromText(text);
  if (bytes.length !== KEY_BYTES) throw new RangeError('Not a key');
  return crypto.subtle.importKey('raw', bytes, ALGORITHM, false, ['encrypt', 'decrypt']);
}

/** @param {CryptoKey} key @param {string} roomId @param {string} text */
export async function seal(key, roomId, text) {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(parameters(iv, roomId), key, encoder.encode(text));
  return [VERSION, toText(iv), toText(new Uint8Array(sealed))].join('.');
}

/** @param {CryptoKey} key @param {string} roomId @param {string} sealed @returns {Promise<string>} rejects if the key does not fit */
export async function open(key, roomId, sealed) {
  const [version, iv, ciphertext] = sealed.split('.');
  if (version !== VERSION || !ciphertext) throw new RangeError('Not an encrypted message');
  const bytes = await crypto.subtle.decrypt(parameters(fromText(iv), roomId), key, fromText(ciphertext));
  return decoder.decode(bytes);
}

/**
 * How many more characters fit into a message that may have `max` characters on the wire, if they
 * take as many bytes as those of this text do.
 *
 * @param {string} text @param {number} max
 */
export function charactersLeft(text, max) {
  const most = Math.floor(((max - HEAD_CHARACTERS) * 3) / 4) - TAG_BYTES;
  const bytes = encoder.encode(text).length;
  const each = text ? bytes / Array.from(text).length : 1;
  return Math.floor((most - bytes) / each);
}

/** @param {Uint8Array<ArrayBuffer>} iv @param {string} roomId */
function parameters(iv, roomId) {
  return { name: ALGORITHM, iv, additionalData: encoder.encode(roomId) };
}

/** base64url without padding @param {Uint8Array} bytes */
function toText(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
function fromText(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
