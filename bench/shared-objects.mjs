// A shared object with many members on real sockets of this machine: the server in this process, all clients in another.
// `node bench/shared-objects.mjs [members] [changes a second] [seconds]`, on the built packages; a part of `npm run bench`.
// Every member must end with the newest version; one that was told of every change has got so many bytes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeSharedObject, encodedMessageLength, encodeSharedObject, messageTypes } from '@millrace/protocol';
import { createLogger, loadConfig, startServer } from 'millrace';
import {
  chunkSize,
  clientMessage,
  connectMembers,
  measureClients,
  readMessages,
  sendPaced,
  sleep,
  waitUntil,
} from './members.mjs';

const ownPath = fileURLToPath(import.meta.url);
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
  const setup = { port: server.rtmp.port, members, perSecond, seconds, persistent };
  const { result, cpuPercent } = await measureClients(ownPath, setup);
  await server.close(0);
  rmSync(folder, { recursive: true, force: true });
  if (result.version !== perSecond * seconds || result.disordered) {
    throw new Error(`version ${result.version} instead of ${perSecond * seconds}, disorder: ${result.disordered}`);
  }
  return (
    `shared object (${persistent ? 'persistent' : 'temporary'}): ${members} members, ${perSecond} changes/s of ` +
    `${result.messageBytes} bytes for ${seconds} s: ${Math.round((members * perSecond) / 1000)} k messages/s, ` +
    `${result.caughtUp} members were given states instead; the server took ${cpuPercent.toFixed(0)} % of a core, ` +
    `the longest from asking to hearing was ${Math.round(result.longestMs)} ms`
  );
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
  // Use success and clear: the last 10 bytes of what a member of an empty object is told.
  const welcome = Buffer.from('0b000000000800000000', 'hex').toString('latin1');
  const greeting = [clientMessage(messageTypes.sharedObjectAmf0, 0, object(0, [{ type: 'use' }]))];
  const isWelcome = (said) => said.endsWith(welcome);
  const { sockets, bytes } = await connectMembers({ port, members, greeting, isWelcome });
  const baseline = [...bytes];
  const total = perSecond * seconds;

  let newest = 0;
  let disordered = false;
  let longestMs = 0;
  // The last member reads what it gets.
  readMessages(sockets.at(-1), ({ messageTypeId, payload }) => {
    if (messageTypeId !== messageTypes.sharedObjectAmf0) return;
    const { version, events } = decodeSharedObject({ encoding: 'amf0', payload });
    if (version <= newest) disordered = true;
    newest = version;
    for (const { value } of events) longestMs = Math.max(longestMs, Date.now() - value.get('sentMs'));
  });

  process.on('message', async () => {
    await sendPaced(total, perSecond, (sent) => {
      const payload = object(sent, [slotEvent('requestChange', sent)]);
      sockets[0].write(clientMessage(messageTypes.sharedObjectAmf0, 0, payload));
    });
    const messageBytes = encodedMessageLength(object(0, [slotEvent('change', 0)]).length, 0, 9, chunkSize);
    await waitUntil(() => newest >= total, 10_000);
    await sleep(300);
    const caughtUp = bytes.filter((got, i) => i > 0 && got - baseline[i] !== total * messageBytes).length;
    process.send({ version: newest, disordered, messageBytes, longestMs, caughtUp });
  });
  process.send('attached');
}
