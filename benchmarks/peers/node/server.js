// Socket.IO on Node with its Redis adapter: rooms, and nothing of what a chat needs besides.
//
//     node server.js PORT REDIS_SOCKET

const { createServer } = require("node:http");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");

const [port, path] = process.argv.slice(2);

async function main() {
  const publisher = createClient({ socket: { path } });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(publisher, subscriber) });
  io.on("connection", serve);
  http.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });

  function serve(socket) {
    socket.on("join", ({ roomId }, acknowledge) => {
      socket.join(roomId);
      acknowledge({ ok: true });
    });
    socket.on("message", ({ roomId, sender, message }, acknowledge) => {
      // As it came, with the number of members that this process knows of.
      const userCount = io.of("/").adapter.rooms.get(roomId)?.size ?? 0;
      const sentAt = Date.now();
      io.to(roomId).emit("message", { type: "TALK", roomId, sender, message, userCount, sentAt });
      acknowledge({ ok: true });
    });
  }
}

main();
