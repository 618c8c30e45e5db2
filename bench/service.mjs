// A service with many members on real sockets of this machine: the server in this process, all clients in another.
// `node bench/service.mjs [members] [broadcasts a second] [seconds]`, on the built packages; a part of `npm run bench`.
// Every member must get every broadcast once, in the order of its sender; anything else is a failure.
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  ChunkDecoder,
  decodeAmf0,
  encodeAmf0,
  encodedMessageLength,
  formatDanmu,
  formatServiceHeader,
  messageTypes,
  serviceMessageName,
  writeMessage,
} from '@millrace/protocol';
import { createLogger, loadConfig, startServer } from 'millrace';

const ownPath = fileURLToPath(import.meta.url);
const senders = 20;
/** What the server sends chunks of, from its answer to `connect` on. */
const chunkSize = 60_000;

if (process.send !== undefined && process.argv[2] === 'clients') runClients(JSON.parse(process.argv[3]));
else if (process.argv[1] === ownPath) {
  const [members = 5000, perSecond = 200, seconds = 5] = process.argv.slice(2).map(Number);
  console.log(await benchService({ members, perSecond, seconds }));
  process.exit();
}

/** One line that says what it cost. */
export async function benchService({ members, perSecond, seconds }) {
  const config = loadConfig({
    set: ['rtmp.listen=127.0.0.1:0', 'http.listen=127.0.0.1:0', 'service.memberMessagesPerSecond=1000'],
  });
  const server = await startServer(config, createLogger({ level: 'warn', format: 'pretty' }));
  const setup = JSON.stringify({ port: server.rtmp.port, members, perSecond, seconds });
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
  const cpu = ((user + system) / 1000 / elapsedMs) * 100;
  if (result.lost !== 0 || result.disordered) {
    throw new Error(`${result.lost} bytes were lost, disorder: ${result.disordered}`);
  }
  return (
    `service: ${members} members, ${perSecond} broadcasts/s of ${result.messageBytes} bytes for ${seconds} s: ` +
    `${Math.round((members * perSecond) / 1000)} k messages/s, lost 0; the server took ${cpu.toFixed(0)} % of a core, ` +
    `the longest from saying to hearing was ${Math.round(result.longestMs)} ms`
  );
}

function message(chunkStreamId, messageStreamId, values) {
  const payload = encodeAmf0(values);
  const bytes = new Uint8Array(encodedMessageLength(payload.length, 0, chunkStreamId, 128));
  writeMessage(bytes, 0, chunkStreamId, messageTypes.commandAmf0, 0, messageStreamId, payload, 128);
  return bytes;
}

/** Always as long as any other. */
function broadcast(number, sentMs) {
  const header = formatServiceHeader({
    version: 0,
    transimitType: 'broadcast',
    serviceType: 0,
    priority: 4,
    abandon: true,
    messageId: String(number).padStart(8, '0'),
    networkId: 'net-01',
  });
  const danmu = formatDanmu({
    userId: 'alice',
    userLevel: '7',
    deviceType: 1,
    roomId: 'room',
    timeStampMs: sentMs,
    danmuType: 0,
    content: 'a line that somebody has typed',
  });
  return [serviceMessageName, 0, header, danmu];
}

async function runClients({ port, members, perSecond, seconds }) {
  const bytes = new Array(members).fill(0);
  const sockets = [];
  // All that a client has to say until it is attached; the stream that it gets is the first, 1.
  const greeting = Buffer.concat([
    Buffer.from([3]),
    Buffer.alloc(1536 * 2),
    message(3, 0, ['connect', 1, { app: 'live', tcUrl: `rtmp://127.0.0.1:${port}/live` }]),
    message(3, 0, ['createStream', 2, null]),
    message(3, 1, ['serve', 0, null, 'bench']),
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
      if (!/NetStream\.Serve\.(Create|Attache)/.test(said)) return;
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

  // The last member reads what it gets.
  const decoder = new ChunkDecoder();
  const total = perSecond * seconds;
  const senderOf = (number) => Math.floor((number * senders) / total);
  let heard = 0;
  const newest = new Array(senders).fill(-1);
  let disordered = false;
  let longestMs = 0;
  const setSize = new Uint8Array(16);
  writeMessage(
    setSize,
    0,
    2,
    messageTypes.setChunkSize,
    0,
    0,
    Uint8Array.of(0, 0, chunkSize >> 8, chunkSize & 0xff),
    128,
  );
  decoder.push(setSize);
  while (decoder.next() !== undefined);
  sockets.at(-1).on('data', (chunk) => {
    decoder.push(chunk);
    for (let received = decoder.next(); received !== undefined; received = decoder.next()) {
      if (received.messageTypeId !== messageTypes.commandAmf0) continue;
      const [, , header, danmu] = decodeAmf0(received.payload);
      const number = Number(header.get('messageID'));
      if (number <= newest[senderOf(number)]) disordered = true;
      newest[senderOf(number)] = number;
      heard++;
      longestMs = Math.max(longestMs, Date.now() - danmu.get('timeStamp').timeMs);
    }
  });

  process.on('message', async () => {
    const startMs = performance.now();
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, Math.floor(((performance.now() - startMs) * perSecond) / 1000) + 1);
      // All from one member at a time, so that it is known in which order they reach the server.
      for (; sent < due; sent++) {
        const sender = sockets[senderOf(sent)];
        sender.write(message(3, 1, broadcast(sent, Date.now())));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const payload = encodeAmf0(broadcast(0, Date.now())).length;
    const messageBytes = encodedMessageLength(payload, 0, 8, chunkSize);
    const own = new Array(members).fill(0);
    for (let i = 0; i < total; i++) own[senderOf(i)]++;
    const lostNow = () => bytes.reduce((sum, got, i) => sum + (total - own[i]) * messageBytes - (got - baseline[i]), 0);
    for (let waited = 0; lostNow() > 0 && waited < 5000; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    process.send({ lost: lostNow(), disordered: disordered || heard !== total, messageBytes, longestMs });
  });
  process.send('attached');
}
