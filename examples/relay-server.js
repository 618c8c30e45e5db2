// The smallest RTMP server: what is published under a name goes to everybody who plays it. ServerSession speaks RTMP,
// the rest is a socket. (Late joiners wait for the next key frame and headers: the package "millrace" keeps them.)
//   node examples/relay-server.js 1940
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { messageTypes, ServerSession } from '@millrace/protocol';

/** @type {import('@millrace/protocol').HandshakeCrypto} */
const crypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  randomBytes: (count) => randomBytes(count),
};
/** @type {Set<{ name: string, streamId: number, socket: import('node:net').Socket, session: ServerSession }>} */
const players = new Set();

const server = createServer((socket) => {
  const session = new ServerSession({ crypto, nowMs: performance.now() });
  const published = new Map(); // names, by message stream id

  function handleEvents() {
    for (let event = session.nextEvent(); event !== undefined; event = session.nextEvent()) {
      if (event.type === 'connect') session.accept(event.request);
      else if (event.type === 'call') session.rejectCall(event.request);
      else if (event.type === 'stopped') leave(event.messageStreamId);
      else if (event.type === 'media') relay(published.get(event.messageStreamId), event.message);
      else if (event.type === 'publish') {
        published.set(event.request.messageStreamId, event.request.streamName);
        session.accept(event.request);
      } else if (event.type === 'play') {
        const { messageStreamId: streamId, streamName: name } = event.request;
        players.add({ name, streamId, socket, session });
        session.accept(event.request);
      } else if (event.type === 'failed') console.log(event.error.message);
    }
    flush(socket, session);
    if (session.ended) socket.end();
  }

  /** @param {number} [streamId] the one that stopped; none: all of this connection */
  function leave(streamId) {
    if (streamId !== undefined) published.delete(streamId);
    for (const player of players) {
      if (player.session === session && (streamId ?? player.streamId) === player.streamId) players.delete(player);
    }
  }

  const timer = setInterval(() => {
    session.checkDeadline(performance.now());
    handleEvents();
  }, 1000);
  socket.on('data', (bytes) => {
    session.receive(bytes, performance.now());
    handleEvents();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearInterval(timer);
    leave();
  });
});

/** @param {string} publishedName @param {import('@millrace/protocol').RawMessage} message */
function relay(publishedName, message) {
  for (const { name, streamId, socket, session } of players) {
    if (name !== publishedName) continue;
    session.sendMessage(message.messageTypeId === messageTypes.video ? 6 : 4, {
      ...message,
      messageStreamId: streamId,
    });
    flush(socket, session);
    if (socket.writableLength > 4_000_000) socket.destroy(); // One that does not read must not fill our memory.
  }
}

/** @param {import('node:net').Socket} socket @param {ServerSession} session */
function flush(socket, session) {
  const bytes = session.takeOutput();
  if (bytes !== undefined && socket.writable) socket.write(bytes);
}

server.listen(Number(process.argv[2] ?? 1940), () => console.log('listening on', server.address()));
