/**
 * The two ways in which an item of the outbox reaches the server: over the connection that is in its
 * room, and by the HTTP API from every other page.
 *
 * @typedef {import('./outbox.js').Item} Item
 * @typedef {object} Route
 * @property {(item: Item) => Promise<any>} send gives the acknowledgement; rejects with `Failed`
 * @property {() => string} [epoch] of the room, where it is known without asking
 * @property {(after: number, limit: number) => Promise<{ messages: any[], epoch: string, seq: number, more: boolean }>} history
 */
import { call } from './api.js';
import { address } from './page.js';

/**
 * @param {(event: string, fields: object) => Promise<any>} request
 * @param {string} roomId
 * @param {() => string} epoch
 * @returns {Route}
 */
export function overConnection(request, roomId, epoch) {
  return {
    epoch,
    send({ kind, clientId, text, ref, emoji, on }) {
      const fields = {
        message: { message: text },
        edit: { seq: ref, message: text },
        delete: { seq: ref },
        react: { seq: ref, emoji, on },
      }[kind];
      return request(kind, { roomId, clientId, ...fields });
    },
    history: (after, limit) => request('history', { roomId, after, limit }),
  };
}

/** @param {string} roomId @returns {Route} */
export function overHttp(roomId) {
  const messages = address(`/api/rooms/${encodeURIComponent(roomId)}/messages`);
  return {
    send({ kind, clientId, text, ref, emoji, on }) {
      const named = `?clientId=${clientId}`;
      if (kind === 'message') return call('POST', messages, { message: text, clientId });
      if (kind === 'edit') return call('PATCH', `${messages}/${ref}`, { message: text, clientId });
      if (kind === 'delete') return call('DELETE', `${messages}/${ref}${named}`);
      return call(on ? 'PUT' : 'DELETE', `${messages}/${ref}/reactions/${encodeURIComponent(String(emoji))}${named}`);
    },
    history: (after, limit) => call('GET', `${messages}?after=${after}&limit=${limit}`),
  };
}
