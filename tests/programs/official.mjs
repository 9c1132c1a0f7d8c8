// What an official client sees. node official.mjs CLIENT ADDRESS TRANSPORT ROOM_ID TOKEN
// prints one line of JSON: why a bad token is refused, and the numbers that a burst of messages got.

const [client, address, transport, roomId, token] = process.argv.slice(2);
const { io } = await import(client);
const options = { transports: [transport], forceNew: true, reconnection: false };

const refused = io(address, { ...options, auth: { token: "not a token" } });
const refusal = await new Promise((done) => refused.on("connect_error", done));
refused.close();

const socket = io(address, { ...options, auth: { token } });
await new Promise((done) => socket.on("connect", done));
const call = (event, fields) =>
  new Promise((done) => socket.emit(event, { token, roomId, ...fields }, done));
await call("join", {});
const answers = await Promise.all(
  Array.from({ length: 100 }, (_, i) => call("message", { message: `${i}` })),
);
const binary = await new Promise((done) => socket.emit("message", Buffer.from([1, 2, 3]), done));
console.log(
  JSON.stringify({
    refusal: refusal.data,
    numbers: answers.map((answer) => answer.seq),
    binary: binary.error.code,
    still: (await call("reauth", {})).ok,
  }),
);
socket.close();
