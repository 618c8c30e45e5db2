// A service with many members on real sockets of this machine: the server in this process, all clients in another.
// `node bench/service.mjs [members] [broadcasts a second] [seconds]`, on the built packages; a part of `npm run bench`.
// Every member must get every broadcast once, in the order of its sender; anything else is a failure.
import { fileURLToPath } from 'node:url';
import {
  decodeAmf0,
  encodeAmf0,
  encodedMessageLength,
  formatDanmu,
  formatServiceHeader,
  messageTypes,
  serviceMessageName,
} from '@millrace/protocol';
import { createLogger, loadConfig, startServer } from 'millrace';
import {
  chunkSize,
  clientCommand,
  connectMembers,
  measureClients,
  readMessages,
  sendPaced,
  waitUntil,
} from './members.mjs';

const ownPath = fileURLToPath(import.meta.url);
const senders = 20;

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
  const setup = { port: server.rtmp.port, members, perSecond, seconds };
  const { result, cpuPercent } = await measureClients(ownPath, setup);
  await server.close(0);
  if (result.lost !== 0 || result.disordered) {
    throw new Error(`${result.lost} bytes were lost, disorder: ${result.disordered}`);
  }
  return (
    `service: ${members} members, ${perSecond} broadcasts/s of ${result.messageBytes} bytes for ${seconds} s: ` +
    `${Math.round((members * perSecond) / 1000)} k messages/s, lost 0; the server took ${cpuPercent.toFixed(0)} % of a core, ` +
    `the longest from saying to hearing was ${Math.round(result.longestMs)} ms`
  );
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
  // All that a client has to say until it is attached; the stream that it gets is the first, 1.
  const greeting = [clientCommand(0, ['createStream', 2, null]), clientCommand(1, ['serve', 0, null, 'bench'])];
  const isWelcome = (said) => /NetStream\.Serve\.(Create|Attache)/.test(said);
  const { sockets, bytes } = await connectMembers({ port, members, greeting, isWelcome });
  const baseline = [...bytes];

  const total = perSecond * seconds;
  // All from one member at a time, so that it is known in which order they reach the server.
  const senderOf = (number) => Math.floor((number * senders) / total);
  let heard = 0;
  const newest = new Array(senders).fill(-1);
  let disordered = false;
  let longestMs = 0;
  // The last member reads what it gets.
  readMessages(sockets.at(-1), ({ messageTypeId, payload }) => {
    if (messageTypeId !== messageTypes.commandAmf0) return;
    const [, , header, danmu] = decodeAmf0(payload);
    const number = Number(header.get('messageID'));
    if (number <= newest[senderOf(number)]) disordered = true;
    newest[senderOf(number)] = number;
    heard++;
    longestMs = Math.max(longestMs, Date.now() - danmu.get('timeStamp').timeMs);
  });

  process.on('message', async () => {
    await sendPaced(total, perSecond, (sent) => {
      sockets[senderOf(sent)].write(clientCommand(1, broadcast(sent, Date.now())));
    });
    const payload = encodeAmf0(broadcast(0, Date.now())).length;
    const messageBytes = encodedMessageLength(payload, 0, 8, chunkSize);
    const own = new Array(members).fill(0);
    for (let i = 0; i < total; i++) own[senderOf(i)]++;
    const lostNow = () => bytes.reduce((sum, got, i) => sum + (total - own[i]) * messageBytes - (got - baseline[i]), 0);
    await waitUntil(() => lostNow() <= 0, 5000);
    process.send({ lost: lostNow(), disordered: disordered || heard !== total, messageBytes, longestMs });
  });
  process.send('attached');
}
