import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSharedObject, encodeSharedObject, type SharedObjectContent } from '@millrace/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { WireClient } from '../packages/server/test/wire/wire-client.js';
import { TestServer } from './harness/server.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All of it in CI, which has the time. `MILLRACE_KILLS=50` elsewhere. */
const kills = Number(process.env.MILLRACE_KILLS ?? (process.env.CI === 'true' ? 50 : 10));
const slots = 8;

class Writer {
  readonly client: WireClient;
  version = 0;

  constructor(client: WireClient) {
    this.client = client;
  }

  static async open(port: number): Promise<{ writer: Writer; stored: Map<string, number> }> {
    const client = await WireClient.open(port);
    await client.handshake();
    await client.connectApp('live');
    const writer = new Writer(client);
    writer.say([{ type: 'use' }]);
    const stored = new Map<string, number>();
    for (const event of (await writer.heard()).events) {
      if (event.type === 'change' && typeof event.value === 'number') stored.set(event.name, event.value);
    }
    return { writer, stored };
  }

  say(events: SharedObjectContent['events']): void {
    const { payload } = encodeSharedObject({ name: 'board', persistent: true, version: this.version, events }, 'amf0');
    this.client.sendMessage({ type: 19, payload });
  }

  async heard(): Promise<SharedObjectContent> {
    const { payload } = await this.client.nextMessage(({ type }) => type === 19);
    const content = decodeSharedObject({ payload, encoding: 'amf0' });
    this.version = content.version;
    return content;
  }
}

describe('a persistent shared object', () => {
  it(`loses no change that was acknowledged, killed ${kills} times at random`, async () => {
    const acknowledged = new Map<string, number>();
    const asked = new Map<string, number>();
    let changes = 0;
    let oldVersion = 0;
    for (let round = 0; round <= kills; round += 1) {
      const server = await TestServer.start({
        settings: [`state.dir=${folder}`, 'sharedObjects.changesPerSecond=1000000'],
      });
      const { writer, stored } = await Writer.open(server.rtmpPort);
      for (const [name, value] of acknowledged) {
        expect(stored.get(name), `${name} in round ${round}`).toBeGreaterThanOrEqual(value);
      }
      for (const [name, value] of stored) expect(value).toBeLessThanOrEqual(asked.get(name) ?? 0);
      expect(writer.version).toBeGreaterThanOrEqual(oldVersion);
      if (round === kills) {
        await server.stop();
        break;
      }
      // Killed behind one of its acknowledgements, while more changes are on their way.
      let left = 1 + Math.floor(Math.random() * 200);
      const listening = (async () => {
        for (;;) {
          const { events, version } = await writer.heard();
          oldVersion = version;
          for (const event of events) {
            if (event.type !== 'success') continue;
            const value = (acknowledged.get(event.name) ?? stored.get(event.name) ?? 0) + 1;
            acknowledged.set(event.name, value);
            left -= 1;
            if (left === 0) server.program.signal('SIGKILL');
          }
        }
      })().catch(() => undefined);
      // What was lost without an acknowledgement is asked for again: each slot counts its changes.
      for (const [name] of asked) {
        const value = stored.get(name) ?? 0;
        asked.set(name, value);
        acknowledged.set(name, value);
      }
      while (left > 0 && !writer.client.isClosed) {
        const name = `slot${changes % slots}`;
        const value = (asked.get(name) ?? 0) + 1;
        asked.set(name, value);
        writer.say([{ type: 'requestChange', name, value }]);
        changes += 1;
        if (changes % 20 === 0) await writer.client.barrier().catch(() => undefined);
      }
      await listening;
      await server.program.exited;
    }
    expect(changes).toBeGreaterThan(kills);
  });
});
