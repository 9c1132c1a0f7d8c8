/** Says why one may not write for now: the room is archived, or one is muted. */
import { byId } from './dom.js';
import { page, t } from './page.js';
import { moment, untilMidnight } from './time.js';

/** @param {(isReadOnly: boolean) => void} onChange @param {AbortSignal} signal aborts when the room is left */
export function createReadOnly(onChange, signal) {
  const line = byId('read-only');
  let archived = Boolean(page.archived);
  let mutedUntil = Number(page.mutedUntil ?? 0);
  let timer = 0;

  function show() {
    clearTimeout(timer);
    const left = mutedUntil - Date.now();
    const words = archived ? t('archived') : left > 0 ? t('muted_until', { time: moment(mutedUntil) }) : '';
    if (!archived && left > 0) timer = setTimeout(show, Math.min(left, untilMidnight()));
    if (line.textContent.trim() !== words) line.textContent = words;
    line.hidden = !words;
    document.body.classList.toggle('read-only', Boolean(words));
    onChange(Boolean(words));
  }

  show();
  signal.addEventListener('abort', () => clearTimeout(timer));

  return {
    /** @param {boolean} now */
    archive(now) {
      archived = now;
      show();
    },
    /** @param {number} until in ms, 0 for not */
    mute(until) {
      mutedUntil = until;
      show();
    },
  };
}
