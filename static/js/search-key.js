/**
 * The keys of search, / and Ctrl+K (⌘K), and the panel beside a conversation, whose script is loaded when it is
 * first opened. A narrow screen goes to the page instead.
 */
import { element } from './dom.js';
import { belongsToInputMethod } from './input-method.js';
import { page, t } from './page.js';

const NARROW = matchMedia('(max-width: 760px)');

export function prepareSearch() {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || belongsToInputMethod(event) || document.querySelector('dialog[open]')) return;
    // By its place: with a Hangul layout it is another letter.
    const isKey = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.code === 'KeyK';
    const isSlash = event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !isWriting(event.target);
    if (!isKey && !isSlash) return;
    const field = /** @type {HTMLInputElement | null} */ (document.querySelector('#finding-q, .bar-search input'));
    const opener = /** @type {HTMLElement | null} */ (document.querySelector('[data-search]'));
    if (!opener && !field) return;
    event.preventDefault();
    if (opener) opener.click();
    else field?.focus();
  });
  document.addEventListener('click', (event) => {
    const opener = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-search]'));
    if (!opener || NARROW.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openPanel(opener);
  });
}

/** @param {EventTarget | null} target */
function isWriting(target) {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}

/** @param {HTMLElement} opener */
function openPanel(opener) {
  const detail = { opener, roomId: page.roomId, title: opener.title, close: t('close'), failed: t('sent_nowhere') };
  const tell = () => document.dispatchEvent(new CustomEvent('maru:search', { detail }));
  const { search, style } = opener.dataset;
  if (document.getElementById('search-panel')) tell();
  if (document.querySelector(`script[src="${search}"]`)) return;
  const script = element('script', { type: 'module', src: search });
  script.addEventListener('load', tell);
  // Without a network it is tried again the next time.
  script.addEventListener('error', () => script.remove());
  document.head.append(element('link', { rel: 'stylesheet', href: style }), script);
}
