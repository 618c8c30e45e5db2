// What the benchmarks of many members on real sockets have in common: the server in this process, all clients in another.
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { ChunkDecoder, encodeAmf0, encodedMessageLength, messageTypes, writeMessage } from '@millrace/protocol';

/** What the server sends chunks of, from its answer to `connect` on. */
export const chunkSize = 60_000;

/** Runs `path` as the clients' process. Gives what that reports, and the share of a core that this process took meanwhile. */
export async function measureClients(path, setup) {
  const clients = fork(path, ['clients', JSON.stringify(setup)]);
  const next = () =>
    new Promise((resolve, reject) => {
      clients.once('message', resolve);
      clients.once('exit', () => reject(new Error('the clients have died')));
    });
  await next();
  const before = process.cpuUsage();
  const startMs = performance.now();
  clients.send('start');
  const result = await next();
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before);
  clients.kill();
  return { result, cpuPercent: ((user + system) / 1000 / elapsedMs) * 100 };
}

/** A message of a client, in its chunks of 128 bytes. */
export function clientMessage(messageTypeId, messageStreamId, payload) {
  const bytes = new Uint8Array(encodedMessageLength(payload.length, 0, 3, 128));
  writeMessage(bytes, 0, 3, messageTypeId, 0, messageStreamId, payload, 128);
  return bytes;
}

export function clientCommand(messageStreamId, values) {
  return clientMessage(messageTypes.commandAmf0, messageStreamId, encodeAmf0(values));
}

/**
 * Connects `members` sockets. Each says handshake, `connect` and `greeting` at once, and is there when `isWelcome` says so
 * of the end of what has come. `bytes` counts what each of them gets.
 */
export async function connectMembers({ port, members, greeting, isWelcome }) {
  const bytes = new Array(members).fill(0);
  const sockets = [];
  const opening = Buffer.concat([
    Buffer.from([3]),
    Buffer.alloc(1536 * 2),
    clientCommand(0, ['connect', 1, { app: 'live', tcUrl: `rtmp://127.0.0.1:${port}/live` }]),
    ...greeting,
  ]);
  let attached = 0;
  let allAttached;
  const everybody = new Promise((resolve) => {
    allAttached = resolve;
  });
  for (let i = 0; i < members; i++) {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let said = '';
    const greeted = (chunk) => {
      said = said.slice(-30) + chunk.toString('latin1');
      if (!isWelcome(said)) return;
      socket.off('data', greeted);
      attached++;
      if (attached === members) allAttached();
    };
    socket.on('data', greeted);
    socket.on('data', (chunk) => {
      bytes[i] += chunk.length;
    });
    socket.on('error', (error) => {
      throw error;
    });
    socket.write(opening);
    sockets.push(socket);
    // Not more at a time than the listener has room for.
    if (i % 200 === 199) await sleep(20);
  }
  await everybody;
  await sleep(300);
  return { sockets, bytes };
}

/** Calls `take` with every message that the member at this socket gets from now on. */
export function readMessages(socket, take) {
  const decoder = new ChunkDecoder();
  const setSize = new Uint8Array(16);
  const size = Uint8Array.of(0, 0, chunkSize >> 8, chunkSize & 0xff);
  writeMessage(setSize, 0, 2, messageTypes.setChunkSize, 0, 0, size, 128);
  decoder.push(setSize);
  while (decoder.next() !== undefined);
  socket.on('data', (chunk) => {
    decoder.push(chunk);
    for (let message = decoder.next(); message !== undefined; message = decoder.next()) take(message);
  });
}

/** Calls `send` with 0 … `total` - 1, so many a second. */
export async function sendPaced(total, perSecond, send) {
  const startMs = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) * perSecond) / 1000) + 1);
    for (; sent < due; sent++) send(sent);
    await sleep(5);
  }
}

/** Until `isDone`, or for `maxMs`. */
export async function waitUntil(isDone, maxMs) {
  for (let waited = 0; !isDone() && waited < maxMs; waited += 20) await sleep(20);
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
