/**
 * The colour and the initials that stand for a person: chat/web/pages/avatar.py makes the same.
 * tests/fixtures/avatars.json holds what both must make of a name.
 */
const HUES = 10;
const bytes = new TextEncoder();

/** A class of css/controls.css; the same name has the same colour everywhere. @param {string} name */
export function hue(name) {
  let sum = 0;
  for (const byte of bytes.encode(name)) sum = (sum * 31 + byte) % 9973;
  return `hue-${sum % HUES}`;
}

/** 김보라 is 보라, kim.bora is KB, Bora is B. @param {string} name */
function initials(name) {
  if (name[0] >= '가' && name[0] <= '힣') return Array.from(name).slice(-2).join('');
  const parts = name.split(/[._-]/).filter(Boolean).slice(0, 2);
  return (parts.length ? parts : [name]).map((part) => Array.from(part)[0].toUpperCase()).join('');
}

/** @param {HTMLElement} avatar @param {string} name */
export function showAvatar(avatar, name) {
  avatar.className = `avatar ${hue(name)}`;
  avatar.textContent = initials(name);
}
