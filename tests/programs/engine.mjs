// The official Engine.IO client alone. node engine.mjs CLIENT ADDRESS TRANSPORTS TOKEN
// prints the transport that it ends up with, and what Socket.IO answers.

const [client, address, transports, token] = process.argv.slice(2);
const { Socket } = await import(client);
const socket = new Socket(address, { path: "/socket.io", transports: transports.split(",") });
const heard = new Promise((done) => socket.on("message", done));
await new Promise((done) => socket.on("open", done));
if (transports.includes(",")) await new Promise((done) => socket.on("upgrade", done));
socket.send(`0${JSON.stringify({ token })}`);
console.log(JSON.stringify({ transport: socket.transport.name, answer: await heard }));
socket.close();
