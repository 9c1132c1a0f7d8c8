/**
 * What people write, as markup: links, `code`, ``` blocks, mentions. Everything else is plain. One grammar with
 * message_text() in chat/web/pages/markup.py; tests/fixtures/message_text.json holds what both must make of a text.
 */
import { element } from './dom.js';

// Space, quotes and backticks end a link; so do characters that reorder text, since it would be read as
// another address.
const END = '\\u0000-\\u0020<>"\'`\\u007f-\\u00a0\\u061c\\u1680\\u2000-\\u200a\\u200e\\u200f\\u2028-\\u202f\\u205f\\u2066-\\u2069\\u3000\\ufeff';
// The punctuation of the sentence around a link; a closing bracket stays if it was opened in the link.
const TAIL = '.,;:!?…·’”)}\\]';
const HOST = `(?:\\[[0-9A-Fa-f:.]+\\]|[^${END}!-,./:-@[-^{-~…·’”])`;
const LINK = new RegExp(
  `(?<![A-Za-z0-9_])[Hh][Tt][Tt][Pp][Ss]?://${HOST}(?:[^${END}(]*\\((?:[^${END}]*[^${END}${TAIL}])?\\)?|(?:[^${END}]*[^${END}${TAIL}])?)`,
  'gu',
);
const LANGUAGE = /^[\p{L}\p{N}]*\n/u;

/**
 * @param {string} text
 * @param {Record<string, string>} [names] that it mentions
 * @returns {DocumentFragment}
 */
export function messageText(text, names) {
  const mention = names && mentionOf(Object.keys(names));
  const marked = new DocumentFragment();
  const parts = text.split('```');
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    if (i % 2 && !last) {
      const code = part.replace(LANGUAGE, '');
      marked.append(element('pre', { tabindex: 0 }, element('code', {}, withoutLastLines(code))));
    } else if (i % 2) {
      // Behind an unclosed fence all is as it was typed.
      marked.append(...line(`\`\`\`${part}`, mention));
    } else {
      const from = i && part.startsWith('\n') ? 1 : 0;
      const to = !last && part.length > from && part.endsWith('\n') ? -1 : part.length;
      marked.append(...line(part.slice(from, to), mention));
    }
  });
  return marked;
}

/** An unclosed or empty pair, or one over several lines, stays as it was typed. @param {string} text @param {RegExp} [mention] @returns {(Node | string)[]} */
function line(text, mention) {
  const parts = text.split('`');
  return parts.flatMap((part, i) => {
    if (i % 2 === 0) return links(part, mention);
    if (i === parts.length - 1) return links(`\`${part}`, mention);
    if (part && !part.includes('\n')) return [element('code', {}, part)];
    return links(`\`${part}\``, mention);
  });
}

/** @param {string} text @param {RegExp} [mention] @returns {(Node | string)[]} */
function links(text, mention) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let from = 0;
  for (const { 0: address, index } of text.matchAll(LINK)) {
    nodes.push(...mentions(text.slice(from, index), mention));
    nodes.push(element('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, address));
    from = index + address.length;
  }
  nodes.push(...mentions(text.slice(from), mention));
  return nodes.filter((node) => node !== '');
}

/** @param {string[]} names */
function mentionOf(names) {
  const longestFirst = [...names].sort((one, other) => other.length - one.length);
  return new RegExp(`((?<![A-Za-z0-9._%+\\-/])@(?:${longestFirst.map((name) => name.replaceAll('.', '\\.')).join('|')}))`, 'iu');
}

/** @param {string} text @param {RegExp} [mention] @returns {(Node | string)[]} */
function mentions(text, mention) {
  if (!mention) return [text];
  return text.split(mention).map((part, i) => (i % 2 ? element('span', { class: 'mention' }, part) : part));
}

/** A regular expression that ends in $ would try each run of line ends there is. @param {string} code */
function withoutLastLines(code) {
  let end = code.length;
  while (code[end - 1] === '\n') end -= 1;
  return code.slice(0, end);
}
