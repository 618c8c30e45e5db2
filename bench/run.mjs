// `npm run bench`: what the parts of the hot path cost, alone and in one process, on the built packages. For the whole
// server beside others see peers.mjs.
import { cpus, release } from 'node:os';
import {
  ByteWriter,
  ChunkDecoder,
  ChunkEncoder,
  decodeAmf0,
  encodeAmf0,
  messageTypes,
  writeMessage,
} from '@millrace/protocol';
import { Bench } from 'tinybench';
// The live path is no public API: it is measured from the inside.
import { LiveStreams } from '../packages/server/dist/live/index.js';
import { compareAmf } from './amf.mjs';
import { benchRecordings } from './recordings.mjs';
import { benchService } from './service.mjs';
import { benchSharedObjects } from './shared-objects.mjs';
import { benchTransports } from './transports.mjs';

const mebi = 1024 * 1024;

/** One task: its body does `work.amount` of `work.unit` each time it is called. */
const tasks = [];
function task(name, work, body) {
  tasks.push({ name, work, body });
}

/** A second of 2.5 Mbit/s video and 128 kbit/s audio, as messages. */
function oneSecondOfMedia() {
  const messages = [];
  for (let frame = 0; frame < 30; frame++) {
    const video = new Uint8Array(frame === 0 ? 40_000 : 9_400).fill(0x5a);
    video.set([frame === 0 ? 0x17 : 0x27, 1, 0, 0, 0]);
    messages.push({ messageTypeId: messageTypes.video, timestamp: frame * 33, messageStreamId: 1, payload: video });
    const audio = new Uint8Array(372).fill(0x5a);
    audio.set([0xaf, 1]);
    messages.push({ messageTypeId: messageTypes.audio, timestamp: frame * 33, messageStreamId: 1, payload: audio });
  }
  return messages;
}

const media = oneSecondOfMedia();
const mediaBytes = media.reduce((sum, message) => sum + message.payload.length, 0);

/** The chunk stream of `media`, repeated, after the Set Chunk Size message that it needs. */
function chunkStream(chunkSize, repeats) {
  const target = new Uint8Array(repeats * mediaBytes * 1.1 + 100_000);
  const setChunkSize = Uint8Array.of(0, 0, chunkSize >> 8, chunkSize & 0xff);
  let end = writeMessage(target, 0, 2, messageTypes.setChunkSize, 0, 0, setChunkSize, 128);
  for (let i = 0; i < repeats; i++) {
    for (const { messageTypeId, timestamp, payload } of media) {
      const id = messageTypeId === messageTypes.video ? 6 : 4;
      end = writeMessage(target, end, id, messageTypeId, timestamp, 1, payload, chunkSize);
    }
  }
  return target.subarray(0, end);
}

function decodeAll(bytes, readBytes) {
  const decoder = new ChunkDecoder();
  let count = 0;
  for (let at = 0; at < bytes.length; at += readBytes) {
    decoder.push(bytes.subarray(at, at + readBytes));
    while (decoder.next() !== undefined) count += 1;
  }
  return count;
}

for (const chunkSize of [128, 4096, 60_000]) {
  const bytes = chunkStream(chunkSize, 10);
  const expected = decodeAll(bytes, bytes.length);
  // 64 KiB is what a busy socket gives at a time.
  task(`chunk decoder, ${chunkSize}-byte chunks`, { amount: bytes.length, unit: 'B' }, () => {
    if (decodeAll(bytes, 65_536) !== expected) throw new Error('messages were lost');
  });
}

for (const chunkSize of [128, 4096]) {
  const encoder = new ChunkEncoder();
  encoder.chunkSize = chunkSize;
  task(`chunk encoder, ${chunkSize}-byte chunks`, { amount: mediaBytes, unit: 'B' }, () => {
    const writer = new ByteWriter();
    for (const message of media) encoder.encode(message.messageTypeId === messageTypes.video ? 6 : 4, message, writer);
  });
}

const command = [
  'connect',
  1,
  {
    app: 'live',
    flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)',
    tcUrl: 'rtmp://127.0.0.1:1935/live',
    fpad: false,
    capabilities: 239,
    audioCodecs: 4071,
    videoCodecs: 252,
    videoFunction: 1,
  },
];
const encodedConnect = encodeAmf0(command);
const encodedPublish = encodeAmf0(['publish', 5, null, 'a-stream-name', 'live']);

task('AMF0 decode, connect command', { amount: 1, unit: 'commands' }, () => decodeAmf0(encodedConnect));
task('AMF0 decode, publish command', { amount: 1, unit: 'commands' }, () => decodeAmf0(encodedPublish));
task('AMF0 encode, connect command', { amount: 1, unit: 'commands' }, () => encodeAmf0(command));
task('AMF0 encode, publish command', { amount: 1, unit: 'commands' }, () => {
  encodeAmf0(['publish', 5, null, 'a-stream-name', 'live']);
});

/** A player that takes everything and keeps nothing. */
class CountingSink {
  pendingBytes = 0;
  bytes = 0;

  write(bytes) {
    this.bytes += bytes.length;
  }

  started() {
    this.bytes = 0;
  }

  ended() {
    this.bytes = 0;
  }

  stalled() {
    throw new Error('a sink in memory never stalls');
  }
}

for (const players of [1, 100, 1000]) {
  const streams = new LiveStreams({
    gopCache: true,
    maxLagMs: 5_000,
    maxGopBytes: 32 * mebi,
    stallTimeoutMs: 30_000,
    // Without windows every message is handed to every player at once: the dearest case, and nothing to wait for.
    maxWindowMs: 0,
    takeover: 'refuse',
    graceMs: 5_000,
    now: () => performance.now(),
  });
  const key = { app: 'live', name: 'bench' };
  const published = streams.publish(
    key,
    { address: '', software: '', clientId: '' },
    {
      onReplaced() {
        // Nobody else publishes here.
      },
    },
  );
  if (!published.ok) throw new Error(published.reason);
  const sinks = Array.from({ length: players }, () => new CountingSink());
  for (const sink of sinks) streams.play(key, { kind: 'rtmp', messageStreamId: 1, chunkSize: 60_000 }, sink);
  let timestamp = 0;
  const amount = media.length * players;
  task(`fan-out to ${players} in-memory players`, { amount, unit: 'messages' }, () => {
    for (const message of media) published.publication.write({ ...message, timestamp: timestamp + message.timestamp });
    timestamp += 1_000;
  });
}

function rate(perSecond, unit) {
  if (unit === 'B') return `${(perSecond / 1e9).toFixed(2)} GB/s`;
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(2)} M ${unit}/s`;
  return `${Math.round(perSecond / 1000)} k ${unit}/s`;
}

const bench = new Bench({ time: 1_000, warmupTime: 300 });
for (const { name, body } of tasks) bench.add(name, body);
await bench.run();

console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}; one thread.\n`);
console.log('| part | rate | ± |\n|---|---|---|');
for (const [i, { name, work }] of tasks.entries()) {
  const { result } = bench.tasks[i];
  if (result.state !== 'completed') {
    console.log(`| ${name} | failed: ${result.error?.message ?? result.state} | |`);
    process.exitCode = 1;
    continue;
  }
  const { mean, rme } = result.latency;
  console.log(`| ${name} | ${rate((work.amount * 1000) / mean, work.unit)} | ${rme.toFixed(1)} % |`);
}
console.log(`\n${compareAmf()}`);
console.log(`\n${await benchService({ members: 5000, perSecond: 200, seconds: 5 })}`);
console.log(`\n${await benchSharedObjects({ members: 1000, perSecond: 100, seconds: 5 })}`);
console.log(`\n${await benchRecordings({ players: 500, seconds: 10 })}`);
console.log("\nTransports, the server's CPU per GB of media that 50 players of one live stream get:");
for (const line of await benchTransports({ players: 50, seconds: 4, runs: 3 })) console.log(line);
process.exit();
