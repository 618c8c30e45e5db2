// What players of a recording cost beside players of a live stream, on real sockets of this machine: the server in this
// process, publisher and players in another. `node bench/recordings.mjs [players] [seconds]`, on the built packages; a
// part of `npm run bench`. Both are of 2.5 Mbit/s; the server's CPU time is taken per GB that the players have got.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ByteWriter, ChunkEncoder, encodeFlvHeader, encodeFlvTag, encodeMessage } from '@millrace/protocol';
import { createLogger, loadConfig, startServer } from 'millrace';
import { aacHeader, avcHeader, frameMessages, frameMs } from './media.mjs';
import { measurePlayers, warmUpMs } from './player-cost.mjs';

const ownPath = fileURLToPath(import.meta.url);
if (process.send !== undefined && process.argv[2] === 'players') runPlayers(JSON.parse(process.argv[3]));
else if (process.argv[1] === ownPath) {
  const [players = 500, seconds = 10] = process.argv.slice(2).map(Number);
  console.log(await benchRecordings({ players, seconds }));
  process.exit();
}

/** One line that says what it cost. */
export async function benchRecordings({ players, seconds }) {
  const mediaDir = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  mkdirSync(join(mediaDir, 'live'));
  writeFileSync(join(mediaDir, 'live/recorded.flv'), recording(seconds * 1000 + 2 * warmUpMs + 20_000));
  const config = loadConfig({
    set: ['rtmp.listen=127.0.0.1:0', 'http.listen=127.0.0.1:0', `media.dir=${mediaDir}`],
  });
  const server = await startServer(config, createLogger({ level: 'warn', format: 'pretty' }));
  try {
    const measure = (name) => {
      const setup = { port: server.rtmp.port, players, name };
      return measurePlayers({ path: ownPath, setup, players, seconds, what: name });
    };
    const live = await measure('shown');
    const recorded = await measure('recorded');
    const ratio = (recorded.perGb / live.perGb).toFixed(2);
    return (
      `${players} players of 2.5 Mbit/s: live ${describe(live)}, a recording ${describe(recorded)}: ` +
      `${ratio} times as much CPU per GB`
    );
  } finally {
    await server.close(0);
    rmSync(mediaDir, { recursive: true, force: true });
  }
}

function describe({ perGb, gigabytes }) {
  return `${perGb.toFixed(2)} s/GB (${gigabytes.toFixed(2)} GB)`;
}

function recording(durationMs) {
  const parts = [encodeFlvHeader({ audio: true, video: true })];
  parts.push(encodeFlvTag(9, 0, avcHeader), encodeFlvTag(8, 0, aacHeader));
  for (let frame = 0; frame * frameMs < durationMs; frame += 1) {
    const { video, audio, timestamp } = frameMessages(frame);
    parts.push(encodeFlvTag(9, timestamp, video), encodeFlvTag(8, timestamp, audio));
  }
  return Buffer.concat(parts);
}

function runPlayers({ port, players, name }) {
  if (name === 'shown') publish(port, name);
  let bytes = 0;
  const opening = opened((say) => say('play', 3, null, [name], 1));
  for (let i = 0; i < players; i += 1) {
    // Not all in one moment: the kernel keeps few that wait.
    setTimeout(
      () => {
        const socket = connect(port, '127.0.0.1');
        socket.on('data', (data) => {
          bytes += data.length;
        });
        socket.write(opening);
      },
      500 + i * 3,
    );
  }
  process.on('message', () => process.send(bytes));
}

function publish(port, name) {
  const socket = connect(port, '127.0.0.1');
  socket.resume();
  const encoder = new ChunkEncoder();
  socket.write(opened((say) => say('publish', 3, null, [name, 'live'], 1), encoder));
  const start = performance.now();
  let frame = 0;
  const send = (writer, messageTypeId, timestamp, payload) =>
    encoder.encode(messageTypeId === 9 ? 6 : 4, { messageTypeId, timestamp, messageStreamId: 1, payload }, writer);
  setInterval(() => {
    const writer = new ByteWriter();
    if (frame === 0) {
      send(writer, 9, 0, avcHeader);
      send(writer, 8, 0, aacHeader);
    }
    for (; frame * frameMs < performance.now() - start; frame += 1) {
      const { video, audio, timestamp } = frameMessages(frame);
      send(writer, 9, timestamp, video);
      send(writer, 8, timestamp, audio);
    }
    socket.write(writer.finish());
  }, 33);
}

/** All that a client has to say until it plays or publishes, in one piece: the server keeps the order. */
function opened(then, encoder = new ChunkEncoder()) {
  const handshake = new Uint8Array(1 + 2 * 1536);
  handshake[0] = 3;
  const writer = new ByteWriter();
  writer.writeBytes(handshake);
  const say = (name, transactionId, commandObject, args, messageStreamId = 0) => {
    const command = { type: 'command', timestamp: 0, messageStreamId, encoding: 'amf0', name, transactionId };
    encoder.encode(3, encodeMessage({ ...command, commandObject, args }), writer);
  };
  say('connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' }, []);
  say('createStream', 2, null, []);
  then(say);
  return writer.finish();
}
