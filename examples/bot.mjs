// A bot that answers "!ping" in one room, for ever: node bot.mjs ROOM_ID
//
// It reads MARU (the server's address), BOT_NAME and BOT_PASSWORD from the environment. It needs
// socket.io-client.

import { setTimeout as sleep } from "node:timers/promises";

import { io } from "socket.io-client";

const { MARU = "http://127.0.0.1:5000", BOT_NAME, BOT_PASSWORD, TRANSPORTS } = process.env;
const roomId = process.argv[2];
let token;
let seen = {};

// Gets a new token, before each connection.
async function logIn() {
  const answer = await fetch(`${MARU}/api/token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: BOT_NAME, password: BOT_PASSWORD }),
  });
  if (!answer.ok) throw new Error(`logging in: ${answer.status}`);
  token = (await answer.json()).accessToken;
}

const socket = io(MARU, {
  auth: (send) => logIn().catch(() => {}).then(() => send({ token })),
  transports: (TRANSPORTS ?? "polling,websocket").split(","),
  reconnectionDelayMax: 20_000,
});

// Repeats a call until its answer is final. A clientId keeps a message from being doubled.
async function call(event, fields) {
  for (;;) {
    const answered = new Promise((done) => socket.emit(event, { roomId, ...fields, token }, done));
    const answer = socket.connected && (await Promise.race([answered, sleep(10_000)]));
    if (answer && (answer.ok || !answer.error.retry)) return answer;
    await sleep(1_000);
  }
}

async function join() {
  const answer = await call("join", seen);
  if (!answer.ok) return;
  if (answer.recovered) answer.messages.forEach(hear);
  seen = { since: answer.seq, epoch: answer.epoch };
}

function hear({ type, message, seq }) {
  if (type === "TALK" && message === "!ping") {
    call("message", { message: "pong", clientId: `pong-${seq}` });
  }
}

socket.on("connect", join);
socket.on("message", hear);
socket.on("notice", async ({ code }) => {
  if (code === "expiring") {
    await logIn().catch(() => {});
    call("reauth", {});
  } else if (code === "reset") {
    seen = {};
    join();
  }
});
// The client connects again by itself after a lost connection, but not after a refusal.
socket.on("connect_error", ({ data }) => data && setTimeout(() => socket.connect(), 5_000));
socket.on("disconnect", (reason) => {
  if (reason === "io server disconnect") setTimeout(() => socket.connect(), 10_000);
});
