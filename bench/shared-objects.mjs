// A shared object with many members on real sockets of this machine: the server in this process, all clients in another.
// `node bench/shared-objects.mjs [members] [changes a second] [seconds]`, on the built packages; a part of `npm run bench`.
// Every member must end with the newest version; one that was told of every change has got so many bytes.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ChunkDecoder,
  decodeSharedObject,
  encodeAmf0,
  encodedMessageLength,
  encodeSharedObject,
  messageTypes,
  writeMessage,
} from '@millrace/protocol';
import { createLogger, loadConfig, startServer } from 'millrace';

const ownPath = fileURLToPath(import.meta.url);
/** What the server sends chunks of, from its answer to `connect` on. */
const chunkSize = 60_000;
const slots = 20;

if (process.send !== undefined && process.argv[2] === 'clients') runClients(JSON.parse(process.argv[3]));
else if (process.argv[1] === ownPath) {
  const [members = 1000, perSecond = 100, seconds = 5] = process.argv.slice(2).map(Number);
  console.log(await benchSharedObjects({ members, perSecond, seconds }));
  process.exit();
}

/** Lines that say what it cost: of a temporary object, and of a persistent one. */
export async function benchSharedObjects(size) {
  return `${await run(size, false)}\n${await run(size, true)}`;
}

async function run({ members, perSecond, seconds }, persistent) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const config = loadConfig({
    set: [
      'rtmp.listen=127.0.0.1:0',
      'http.listen=127.0.0.1:0',
      'sharedObjects.changesPerSecond=100000',
      `state.dir=${folder}`,
    ],
  });
  const server = await startServer(config, createLogger({ level: 'warn', format: 'pretty' }));
  const setup = JSON.stringify({ port: server.rtmp.port, members, perSecond, seconds, persistent });
  const clients = fork(ownPath, ['clients', setup]);
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
  await server.close(0);
  rmSync(folder, { recursive: true, force: true });
  if (result.version !== perSecond * seconds || result.disordered) {
    throw new Error(`version ${result.version} instead of ${perSecond * seconds}, disorder: ${result.disordered}`);
  }
  const cpu = ((user + system) / 1000 / elapsedMs) * 100;
  return (
    `shared object (${persistent ? 'persistent' : 'temporary'}): ${members} members, ${perSecond} changes/s of ` +
    `${result.messageBytes} bytes for ${seconds} s: ${Math.round((members * perSecond) / 1000)} k messages/s, ` +
    `${result.caughtUp} members were given states instead; the server took ${cpu.toFixed(0)} % of a core, ` +
    `the longest from asking to hearing was ${Math.round(result.longestMs)} ms`
  );
}

function message(chunkStreamId, type, payload) {
  const bytes = new Uint8Array(encodedMessageLength(payload.length, 0, chunkStreamId, 128));
  writeMessage(bytes, 0, chunkStreamId, type, 0, 0, payload, 128);
  return bytes;
}

async function runClients({ port, members, perSecond, seconds, persistent }) {
  const object = (version, events) =>
    encodeSharedObject({ name: 'bench', version, persistent, events }, 'amf0').payload;
  /** Always as long as any other. */
  const slotEvent = (type, number) => ({
    type,
    name: `slot${String(number % slots).padStart(2, '0')}`,
    value: { number, sentMs: Date.now(), x: 0.5, y: 0.25 },
  });
  const bytes = new Array(members).fill(0);
  const sockets = [];
  const greeting = Buffer.concat([
    Buffer.from([3]),
    Buffer.alloc(1536 * 2),
    message(
      3,
      messageTypes.commandAmf0,
      encodeAmf0(['connect', 1, { app: 'live', tcUrl: `rtmp://127.0.0.1:${port}/live` }]),
    ),
    message(3, messageTypes.sharedObjectAmf0, object(0, [{ type: 'use' }])),
  ]);
  // Use success and clear: the last 10 bytes of what a member of an empty object is told.
  const welcome = Buffer.from('0b000000000800000000', 'hex').toString('latin1');
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
      if (!said.endsWith(welcome)) return;
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
    socket.write(greeting);
    sockets.push(socket);
    // Not more at a time than the listener has room for.
    if (i % 200 === 199) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await everybody;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const baseline = [...bytes];
  const total = perSecond * seconds;

  // The last member reads what it gets.
  const decoder = new ChunkDecoder();
  const setSize = new Uint8Array(16);
  const size = Uint8Array.of(0, 0, chunkSize >> 8, chunkSize & 0xff);
  writeMessage(setSize, 0, 2, messageTypes.setChunkSize, 0, 0, size, 128);
  decoder.push(setSize);
  while (decoder.next() !== undefined);
  let newest = 0;
  let disordered = false;
  let longestMs = 0;
  sockets.at(-1).on('data', (chunk) => {
    decoder.push(chunk);
    for (let received = decoder.next(); received !== undefined; received = decoder.next()) {
      if (received.messageTypeId !== messageTypes.sharedObjectAmf0) continue;
      const { version, events } = decodeSharedObject({ encoding: 'amf0', payload: received.payload });
      if (version <= newest) disordered = true;
      newest = version;
      for (const { value } of events) longestMs = Math.max(longestMs, Date.now() - value.get('sentMs'));
    }
  });

  process.on('message', async () => {
    const startMs = performance.now();
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, Math.floor(((performance.now() - startMs) * perSecond) / 1000) + 1);
      for (; sent < due; sent++) {
        sockets[0].write(message(3, messageTypes.sharedObjectAmf0, object(sent, [slotEvent('requestChange', sent)])));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const messageBytes = encodedMessageLength(object(0, [slotEvent('change', 0)]).length, 0, 9, chunkSize);
    for (let waited = 0; newest < total && waited < 10_000; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    const caughtUp = bytes.filter((got, i) => i > 0 && got - baseline[i] !== total * messageBytes).length;
    process.send({ version: newest, disordered, messageBytes, longestMs, caughtUp });
  });
  process.send('attached');
}
