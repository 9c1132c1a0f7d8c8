/** The access token of this page: fetched with the login cookie, renewed before it ends. */
import { Failed } from './errors.js';
import { httpRequest, jsonOf } from './http.js';
import { address, page } from './page.js';
import { navigate, reload } from './page-navigation.js';

/** A token is not used in the last fifth of its life, nor in its last half minute. */
const EXPIRY_MARGIN_MS = 30_000;
const SHORTEST_RENEWAL_MS = 1000;
const RENEWAL_SHARE = 0.8;

/** @type {{ text: string, until: number, margin: number } | null} */
let held = null;
/** @type {Promise<string> | null} */
let fetching = null;

let staying = false;

/** A token that is valid for a while. Rejects with `Failed`, such as when the server cannot be reached. */
export async function token() {
  const valid = heldToken();
  if (valid) return valid;
  fetching ??= fetchToken().finally(() => { fetching = null; });
  return fetching;
}

/** A valid token, if there is one here. */
export function heldToken() {
  return held && Date.now() < held.until - held.margin ? held.text : null;
}

/** Make the next call of `token` fetch a new one. */
export function forgetToken() {
  held = null;
}

/** When to renew: early enough to try more than once. In ms from now. */
export function renewIn() {
  return held ? Math.max(SHORTEST_RENEWAL_MS, (held.until - Date.now()) * RENEWAL_SHARE) : 0;
}

/** Somebody logs out here, who goes when that is done. @param {boolean} stays */
export function stayHere(stays) {
  staying = stays;
}

/** Log in again, and come back here afterwards. */
export function toLogin() {
  if (!staying) navigate(address(`/login?next=${encodeURIComponent(location.pathname + location.search)}`));
}

async function fetchToken() {
  const answer = await httpRequest(address('/api/token'), { headers: { Accept: 'application/json' } });
  if (answer.status === 401) toLogin();
  // No longer a member: the page itself explains that better.
  if (answer.status === 403) reload();
  if (!answer.ok) throw new Failed(`No token: ${answer.status}`);
  const { userId, accessToken, expiresIn } = await jsonOf(answer);
  if (userId !== page.myId) return showWhoIsHere();
  const lifetime = expiresIn * 1000;
  held = { text: accessToken, until: Date.now() + lifetime, margin: Math.min(EXPIRY_MARGIN_MS, lifetime / 5) };
  return held.text;
}

/** Somebody else has logged in meanwhile: nothing may be said in their name by the page of another. */
function showWhoIsHere() {
  reload();
  return new Promise(() => {});
}
