// What a transport costs beside plain RTMP: players of one live stream, on real sockets of this machine; the server in
// this process, publisher and players (@millrace/client) in another. `node bench/transports.mjs [players] [seconds]
// [runs]`, on the built packages; a part of `npm run bench`. The server's CPU time is taken per GB of media that the
// players have got; the ratio is the median of the runs, each of which measures all transports one after the other.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NetConnection } from '@millrace/client';
import { createLogger, loadConfig, startServer } from 'millrace';
import { aacHeader, avcHeader, frameMessages, frameMs } from './media.mjs';
import { measurePlayers } from './player-cost.mjs';

const ownPath = fileURLToPath(import.meta.url);
const schemes = ['rtmp', 'rtmps', 'rtmpe', 'rtmpt', 'ws'];

if (process.send !== undefined && process.argv[2] === 'players') await runPlayers(JSON.parse(process.argv[3]));
else if (process.argv[1] === ownPath) {
  const [players = 60, seconds = 6, runs = 3] = process.argv.slice(2).map(Number);
  for (const line of await benchTransports({ players, seconds, runs })) console.log(line);
  process.exit();
}

/** A line for each transport. */
export async function benchTransports({ players, seconds, runs }) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const listeners = ['rtmp', 'http', 'rtmps'].map((name) => `${name}.listen=127.0.0.1:0`);
  const config = loadConfig({
    set: [...listeners, 'tls.selfSigned=true', `media.dir=${folder}/media`, `state.dir=${folder}/state`],
  });
  const server = await startServer(config, createLogger({ level: 'warn', format: 'pretty' }));
  const perGb = new Map(schemes.map((scheme) => [scheme, []]));
  try {
    for (let run = 0; run < runs; run += 1) {
      for (const scheme of schemes) {
        const setup = { rtmpPort: server.rtmp.port, httpPort: server.http.port, scheme, players };
        const cost = await measurePlayers({ path: ownPath, setup, players, seconds, what: scheme });
        perGb.get(scheme).push(cost.perGb);
      }
    }
  } finally {
    await server.close(0);
    rmSync(folder, { recursive: true, force: true });
  }
  return schemes.map((scheme) => {
    const ratios = perGb.get(scheme).map((cost, run) => cost / perGb.get('rtmp')[run]);
    return `${scheme}: ${median(perGb.get(scheme)).toFixed(2)} s/GB, ${median(ratios).toFixed(2)} × rtmp`;
  });
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

async function runPlayers({ rtmpPort, httpPort, scheme, players }) {
  let bytes = 0;
  process.on('message', () => process.send(bytes));
  await publish(`rtmp://127.0.0.1:${rtmpPort}/live`);
  const url = scheme === 'ws' ? `ws://127.0.0.1:${httpPort}/rtmp/live` : `${scheme}://127.0.0.1:${rtmpPort}/live`;
  for (let i = 0; i < players; i += 1) {
    const connection = await NetConnection.connect(url, { tls: { rejectUnauthorized: false } });
    const stream = await connection.createStream();
    await stream.play('shown');
    void (async () => {
      for await (const event of stream) bytes += event.payload?.length ?? 0;
    })();
  }
}

async function publish(url) {
  const connection = await NetConnection.connect(url);
  const stream = await connection.createStream();
  await stream.publish('shown');
  stream.sendVideo(0, avcHeader);
  stream.sendAudio(0, aacHeader);
  const startMs = performance.now();
  let frame = 0;
  setInterval(() => {
    for (; frame * frameMs < performance.now() - startMs; frame += 1) {
      const { video, audio, timestamp } = frameMessages(frame);
      stream.sendVideo(timestamp, video);
      stream.sendAudio(timestamp, audio);
    }
  }, 33);
}
