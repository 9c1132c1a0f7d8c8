/**
 * Encryption of messages, which the server cannot read: AES-GCM with a 256-bit key that is made in the
 * browser of the person who creates the room. docs/protocol.md describes the encrypted form.
 *
 * A message is sent as `maru3.<iv>.<ciphertext>`, both in base64url. The associated data contains the
 * sender's id, the room, the type, and the message that is changed. So a ciphertext that somebody else
 * sends again, or that is put in the place of another one, cannot be decrypted. `maru2` has the sender's
 * name in the place of the id, and `maru1` bound only the room: both are still read, but not written.
 */
const VERSION = 'maru3';
const BY_NAME = 'maru2';
const BY_ROOM = 'maru1';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const ALGORITHM = 'AES-GCM';
/** `maru3.` + 16 characters of iv + `.` */
const HEAD_CHARACTERS = VERSION.length + 1 + 16 + 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * What a sealed text is bound to.
 *
 * @typedef {object} Binding
 * @property {string} roomId
 * @property {string} [senderId] everything that is sealed now has one
 * @property {string} [sender] the name, for what is sealed by name
 * @property {'TALK' | 'EDIT' | string} type
 * @property {string} [clientId] every sealed message has one
 * @property {number} [ref] of an EDIT: the number of the message that it changes
 */

/** Browsers have no WebCrypto on plain http, localhost apart. */
export const available = Boolean(globalThis.crypto?.subtle);

/** A new key, as the text that goes into a link. */
export function newKey() {
  return toText(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/** The key, which no script can read out again. @param {string} text @returns {Promise<CryptoKey | null>} null for what is no key */
export async function readKey(text) {
  const bytes = fromText(text);
  if (bytes?.length !== KEY_BYTES) return null;
  return crypto.subtle.importKey('raw', bytes, ALGORITHM, false, ['encrypt', 'decrypt']);
}

/** @param {CryptoKey} key @param {Binding} binding @param {string} text */
export async function seal(key, binding, text) {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const bound = { name: ALGORITHM, iv, additionalData: additionalData(binding) };
  const sealed = await crypto.subtle.encrypt(bound, key, encoder.encode(text));
  return [VERSION, toText(iv), toText(new Uint8Array(sealed))].join('.');
}

/**
 * Decrypts. Gives null if the key is another one, if the text was encrypted with another binding, or if it is none.
 *
 * @param {CryptoKey} key @param {Binding} binding @param {string} sealed
 * @returns {Promise<{ text: string, older: boolean } | null>} older: the sender is not verified
 */
export async function open(key, binding, sealed) {
  const [version, ...parts] = sealed.split('.');
  const older = version === BY_ROOM;
  if (!older && version !== BY_NAME && version !== VERSION) return null;
  // An edit in the older form could be an older message that somebody has sent again as an edit.
  if (older && binding.type !== 'TALK') return null;
  // A sealed message has one.
  if (!older && !binding.clientId) return null;
  const [iv, ciphertext] = parts.map(fromText);
  if (!iv || !ciphertext) return null;
  const data = older ? encoder.encode(binding.roomId) : additionalData(binding, version);
  const bound = { name: ALGORITHM, iv, additionalData: data };
  const bytes = await crypto.subtle.decrypt(bound, key, ciphertext).catch(ifNotOpened);
  const text = bytes && decoded(bytes);
  return text === null ? null : { text, older };
}

/** Whether both are the same key. @param {CryptoKey} one @param {CryptoKey} other */
export async function isSameKey(one, other) {
  const binding = { roomId: '', senderId: '', type: 'TALK', clientId: 'probe' };
  return (await open(one, binding, await seal(other, binding, ''))) !== null;
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

/** Another key, or another binding: the browser does not say more. @param {unknown} problem */
function ifNotOpened(problem) {
  if (problem instanceof DOMException) return null;
  throw problem;
}

/** Who has the key may have sealed what is no text. @param {ArrayBuffer} bytes */
function decoded(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** @param {Binding} binding @param {string} [version] */
function additionalData({ roomId, senderId, sender, type, clientId, ref }, version = VERSION) {
  const whose = version === BY_NAME ? sender : senderId;
  return encoder.encode(JSON.stringify([version, roomId, whose, type, clientId, ref ?? null]));
}

/** base64url without padding @param {Uint8Array} bytes */
function toText(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer> | null} null where it is not in base64url */
function fromText(text) {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
