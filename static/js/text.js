/**
 * The light formatting of what people write: links, `code`, ``` blocks. Everything else is plain.
 * message_text() in chat/web/markup.py is the server's half, without the links: those change no layout.
 */
import { element } from './dom.js';

// Characters that reorder text end a link: it would be read as another address.
const URL_START = /\bhttps?:\/\/[^\s<>"'\x60\p{Bidi_Control}]+/giu;
const URL_TAIL = '.,;:!?…·\'"’”)]}';
const LANGUAGE = /^[\p{L}\p{N}]*\n/u;

/**
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function format(text) {
  const formatted = new DocumentFragment();
  const parts = text.split('```');
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    if (i % 2 && !last) {
      const code = part.replace(LANGUAGE, '');
      formatted.append(element('pre', { tabindex: 0 }, element('code', {}, code.slice(0, endBefore(code, '\n')))));
    } else if (i % 2) {
      formatted.append(...formatLine(`\`\`\`${part}`));
    } else {
      const from = i && part.startsWith('\n') ? 1 : 0;
      const to = !last && part.length > from && part.endsWith('\n') ? -1 : part.length;
      formatted.append(...formatLine(part.slice(from, to)));
    }
  });
  return formatted;
}

/** Add the links to a row that the server drew. @param {HTMLElement} row */
export function link(row) {
  const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    if (!node.parentElement?.closest('code, a') && node.data.includes('://')) found.push(node);
  }
  for (const node of found) node.replaceWith(...links(node.data));
}

/** @param {string} text @returns {(Node | string)[]} */
function formatLine(text) {
  const parts = text.split('`');
  return parts.flatMap((part, i) => {
    if (i % 2 === 0) return links(part);
    if (i === parts.length - 1) return links(`\`${part}`);
    if (part && !part.includes('\n')) return [element('code', {}, part)];
    return links(`\`${part}\``);
  });
}

/** @param {string} text @returns {(Node | string)[]} */
function links(text) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(URL_START)) {
    const address = trimmed(match[0]);
    if (!URL.canParse(address)) continue;
    nodes.push(text.slice(from, match.index));
    nodes.push(element('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, address));
    from = match.index + address.length;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== '');
}

/** Without the punctuation of the sentence around it; a closing bracket stays if it was opened. */
function trimmed(/** @type {string} */ address) {
  const end = endBefore(address, URL_TAIL);
  const bare = address.slice(0, end);
  if (bare.includes('(') && address[end] === ')') return `${bare})`;
  return bare;
}

/**
 * Where the last run of these characters begins. A regular expression that ends in $ would try each run
 * there is: its time grows with the square of a long one.
 *
 * @param {string} text @param {string} tail
 */
function endBefore(text, tail) {
  let end = text.length;
  while (end && tail.includes(text[end - 1])) end -= 1;
  return end;
}
