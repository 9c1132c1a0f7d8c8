"""Encrypts and decrypts as docs/protocol.md describes it, without the page's own script."""

import base64
import json
import os


def say(person, other, text):
    person.write(text)
    person.hears(text)
    other.hears(text)


def newest(person, room_id):
    return person.api.history(room_id)[-1]


def post(person, room_id, text, **fields):
    path = f"/api/rooms/{room_id}/messages"
    answer = person.api.request("POST", path, json={"message": text, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["seq"]


def row(person, seq):
    return person.page.locator(f'#timeline .message[data-seq="{seq}"]')


SEAL = """async ([key, version, data, text]) => {
  const standard = (b) => atob(b.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = (b) => Uint8Array.from(standard(b), (c) => c.charCodeAt(0));
  const plain = (b) => btoa(String.fromCharCode(...b))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const aes = await crypto.subtle.importKey('raw', bytes(key), 'AES-GCM', false, ['encrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const encode = (string) => new TextEncoder().encode(string);
  const how = { name: 'AES-GCM', iv, additionalData: encode(data) };
  const sealed = await crypto.subtle.encrypt(how, aes, encode(text));
  return [version, plain(iv), plain(new Uint8Array(sealed))].join('.');
}"""
OPEN = """async ([key, sealed, data]) => {
  const standard = (b) => atob(b.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = (b) => Uint8Array.from(standard(b), (c) => c.charCodeAt(0));
  const [, iv, text] = sealed.split('.');
  const aes = await crypto.subtle.importKey('raw', bytes(key), 'AES-GCM', false, ['decrypt']);
  const how = { name: 'AES-GCM', iv: bytes(iv), additionalData: new TextEncoder().encode(data) };
  return new TextDecoder().decode(await crypto.subtle.decrypt(how, aes, bytes(text)));
}"""


def key_of(link):
    return link.partition("#k=")[2]


def new_key():
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def seal(person, link, version, data, text):
    return person.page.evaluate(SEAL, [key_of(link), version, data, text])


def bound(*binding):
    return json.dumps(["maru3", *binding], ensure_ascii=False, separators=(",", ":"))
