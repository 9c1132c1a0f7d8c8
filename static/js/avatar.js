/**
 * The colour and the initials that stand for a person: chat/web/pages/avatar.py makes the same.
 * tests/fixtures/avatars.json holds what both must make of a name.
 */
const HUES = 10;
const KOREAN = /^[가-힣]+(?:[._-][가-힣]+)*/;
const bytes = new TextEncoder();

/** A class of css/controls.css; the same name has the same colour everywhere. @param {string} name */
export function hue(name) {
  let sum = 0;
  for (const byte of bytes.encode(name)) sum = (sum * 31 + byte) % 9973;
  return `hue-${sum % HUES}`;
}

/**
 * 김보라 is 보라, kim.bora is KB, Bora is B. All are taken from the beginning of the name: the display name
 * 보라 (디자인팀) is 보라.
 *
 * @param {string} name
 */
export function initials(name) {
  const korean = KOREAN.exec(name);
  if (korean) {
    const syllables = korean[0].replace(/[._-]/g, '');
    // Of a whole name the given name; of more than a name its beginning.
    return syllables.length <= 4 ? syllables.slice(-2) : syllables.slice(0, 2);
  }
  const parts = name.split(/[._-]/).filter(Boolean).slice(0, 2);
  return (parts.length ? parts : [name]).map((part) => firstLetter(part).toUpperCase()).join('');
}

/** The first letter or digit; the first character, where there is none. @param {string} part */
function firstLetter(part) {
  return /[\p{L}\p{N}]/u.exec(part)?.[0] ?? Array.from(part)[0] ?? '';
}

/** @param {HTMLElement} avatar @param {string} name */
export function showAvatar(avatar, name) {
  avatar.className = `avatar ${hue(name)}`;
  avatar.textContent = initials(name);
}
