/**
 * Text copied from several messages contains sender, time and words of each, without initials,
 * reactions, and text for screen readers.
 */
import { shownSender } from './message-row.js';

/** @param {HTMLElement} log */
export function copyAsWritten(log) {
  log.addEventListener('copy', (event) => {
    const selection = getSelection();
    if (!selection?.rangeCount || !event.clipboardData) return;
    const range = selection.getRangeAt(0);
    const rows = /** @type {HTMLElement[]} */ ([...log.querySelectorAll('.message')]).filter((row) => range.intersectsNode(row));
    if (rows.length < 2) return;
    event.clipboardData.setData('text/plain', written(rows, range));
    event.preventDefault();
  });
}

/** @param {HTMLElement[]} rows @param {Range} range */
function written(rows, range) {
  /** @type {string[]} */
  const lines = [];
  for (const row of rows) {
    const words = part(/** @type {HTMLElement} */ (row.querySelector('.message-text')), range);
    if (!words.trim()) continue;
    if (!lines.length || !row.classList.contains('follows')) {
      if (lines.length) lines.push('');
      lines.push(`${shownSender(row)}, ${row.querySelector('time')?.textContent}`);
    }
    lines.push(words);
  }
  return lines.join('\n');
}

/** As much of the text as is selected. @param {HTMLElement} text @param {Range} range */
function part(text, range) {
  const chosen = document.createRange();
  chosen.selectNodeContents(text);
  if (range.compareBoundaryPoints(Range.START_TO_START, chosen) > 0) chosen.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, chosen) < 0) chosen.setEnd(range.endContainer, range.endOffset);
  const copy = chosen.cloneContents();
  // Blocks of code stand on lines of their own.
  for (const block of copy.querySelectorAll('pre')) {
    if (block.previousSibling) block.before('\n');
    if (block.nextSibling) block.after('\n');
  }
  return copy.textContent ?? '';
}
