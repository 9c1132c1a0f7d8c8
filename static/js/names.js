/** How a person's name looks: the JS half of hue(), initials() and avatar() in _message.html. */
import { element } from './dom.js';

const HUES = 10;
const bytes = new TextEncoder();

/** A class of css/controls.css; the same name has the same colour everywhere. @param {string} name */
export function hue(name) {
  let sum = 0;
  for (const byte of bytes.encode(name)) sum = (sum * 31 + byte) % 9973;
  return `hue-${sum % HUES}`;
}

/** 김보라 is 보라, kim.bora is KB, Bora is B. @param {string} name */
export function initials(name) {
  if (name[0] >= '가' && name[0] <= '힣') return Array.from(name).slice(-2).join('');
  const parts = name.split(/[._-]/).filter(Boolean).slice(0, 2);
  return (parts.length ? parts : [name]).map((part) => Array.from(part)[0].toUpperCase()).join('');
}

/** @param {string} name */
export function avatar(name) {
  return element('span', { class: `avatar ${hue(name)}`, 'aria-hidden': 'true' }, initials(name));
}
