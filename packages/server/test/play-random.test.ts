import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineApp } from '../src/app/index.js';
import { encodeSample, sampleTags } from './flv-sample.js';
import { aacFrame, avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { TestPublisher } from './wire/test-publisher.js';
import { concat, u16, u32 } from './wire/wire-bytes.js';
import type { WireClient } from './wire/wire-client.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-play-random-'));
let server: TestServer;
/** What the application has let in, and what of that has not ended. */
let granted = 0;
let open = 0;

beforeAll(async () => {
  mkdirSync(join(folder, 'live'));
  for (const name of ['film', 'other'])
    writeFileSync(join(folder, 'live', `${name}.flv`), encodeSample(sampleTags(3000)));
  const app = defineApp({
    async onPlay(_client, stream) {
      // Now and then it takes a while.
      if (stream.name === 'cam-b') await new Promise((resolve) => setImmediate(resolve));
      granted += 1;
      open += 1;
    },
    onStop() {
      open -= 1;
    },
  });
  server = await startTestServer(['live.maxWindowMs=0', `media.dir=${folder}`, 'vod.accurateSeek=true'], app);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The same numbers for a seed each time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const names = ['film', 'other', 'cam-a', 'cam-b', 'cam-c', 'nothing', ''];
const transitions = ['switch', 'swap', 'append', 'appendAndWait', 'reset', 'resume', 'stop', 'nonsense', undefined];

describe('a client that asks for anything at any time', () => {
  it.each([1, 2, 3, 4, 5, 6])('is answered, and leaves nothing behind: %d', async (seed) => {
    const pick = random(seed);
    const of = <T>(list: readonly T[]): T | undefined => list[pick(list.length)];
    const publishers: TestPublisher[] = [];
    for (const [i, name] of ['cam-a', 'cam-b'].entries()) {
      const publisher = await TestPublisher.open(server, `${name}`);
      publisher.video(i * 1_000_000, avcHeader());
      publishers.push(publisher);
    }
    const client = await server.connected();
    const ids = [await client.createStream(), await client.createStream()];
    const ask = (id: number): void => {
      const number = of([-2, -1, 0, 40, 500, 2999, 1e9, -1e9, Number.NaN]) ?? 0;
      switch (pick(10)) {
        case 0:
          client.sendCommand('pause', 0, [null, pick(2) === 0, number], id);
          return;
        case 1:
          client.sendCommand('seek', 0, [null, number], id);
          return;
        case 2:
          client.sendCommand(of(['receiveAudio', 'receiveVideo']) ?? '', 0, [null, pick(2) === 0], id);
          return;
        case 3:
          client.sendMessage({ type: 4, payload: concat(u16(3), u32(id), u32(pick(10_000))) });
          return;
        case 4:
        case 5:
        case 6:
          client.sendCommand('play', 0, [null, of(names) ?? '', of([-2, -1, 0, 1500]) ?? 0, number, pick(2) === 0], id);
          return;
        default: {
          const [streamName, oldStreamName, transition] = [of(names), of(names), of(transitions)];
          const [start, len, offset] = [of([-2, -1, 0, 1]), of([-1, 0, 0.1, 2]), of([-1, 0, 1])];
          client.sendCommand('play2', 0, [null, { streamName, oldStreamName, transition, start, len, offset }], id);
        }
      }
    };
    for (let step = 0; step < 150; step += 1) {
      ask(of(ids) ?? 1);
      for (const [i, publisher] of publishers.entries()) {
        const timeMs = i * 1_000_000 + step * 40;
        publisher.video(timeMs, step % 5 === 0 ? avcKey(step % 200) : avcInter(step % 200));
        publisher.audio(timeMs + 10, aacFrame(step % 200));
      }
      if (step % 10 === 0) await client.barrier();
    }
    await client.barrier();
    await leave(client, publishers);
    await expect.poll(() => figures()).toEqual([0, 0]);
    await expect.poll(() => open).toBe(0);
    expect(granted).toBeGreaterThan(20);
  });
});

async function leave(client: WireClient, publishers: readonly TestPublisher[]): Promise<void> {
  client.destroy();
  for (const publisher of publishers) {
    publisher.deleteStream();
    await publisher.client.barrier();
    publisher.client.destroy();
  }
}

/** Players of recordings and of live streams. */
async function figures(): Promise<number[]> {
  const text = await (await fetch(`http://127.0.0.1:${server.httpPort}/metrics`)).text();
  return ['millrace_recording_players', 'millrace_players'].map((name) => {
    const line = text.split('\n').find((one) => one.startsWith(`${name}{transport="rtmp"} `));
    return Number(line?.split(' ')[1]);
  });
}
