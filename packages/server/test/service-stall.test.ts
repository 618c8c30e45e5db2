import { afterEach, expect, it } from 'vitest';
import type { ServiceInfo, ServiceList } from '../src/http/index.js';
import { Attached } from './service-scene.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';

let server: TestServer | undefined;
afterEach(() => server?.close());

const text = 'x'.repeat(10_000);
/** More than the kernel keeps for a connection. */
const count = 2000;

async function facts({ httpPort }: TestServer): Promise<ServiceInfo | undefined> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1/services`);
  return ((await answer.json()) as ServiceList).services[0];
}

/** A room with one who speaks, one who listens, and one who does not read. */
async function roomWith(settings: readonly string[], abandon: boolean) {
  server = await startTestServer([
    'live.maxWindowMs=3',
    'service.maxDanmuLength=10000',
    'service.memberMessagesPerSecond=100000',
    'service.roomMessagesPerSecond=100000',
    'service.queueMessages=50',
    ...settings,
  ]);
  const sender = await Attached.open(server, 'room');
  const reader = await Attached.open(server, 'room');
  const stalled = await Attached.open(server, 'room');
  stalled.client.socket.pause();
  for (let i = 0; i < count; i += 1) {
    sender.say(text, { abandon });
    // Who reads is to keep up: that is what the test is about.
    if (i % 20 === 19) for (let heard = 0; heard < 20; heard += 1) await reader.next();
  }
  return { server, sender, reader, stalled };
}

it('drops what may be dropped for the member that does not read, and for nobody else', async () => {
  const { server, sender, reader, stalled } = await roomWith([], true);
  expect(reader.texts).toHaveLength(count);
  const before = await facts(server);
  expect(before?.members).toBe(3);
  expect(before?.laggingMembers).toBe(1);
  expect(before?.dropped).toBeGreaterThan(0);
  stalled.client.socket.resume();
  await expect.poll(async () => (await facts(server))?.laggingMembers).toBe(0);
  sender.say('the last');
  await reader.client.nextMessage(() => reader.texts.at(-1) === 'the last');
  await expect.poll(() => stalled.texts.at(-1)).toBe('the last');
  expect(stalled.texts.length - 1).toBe(count - (before?.dropped ?? 0));
});

it('closes the member that does not read what must not be dropped, and nobody else', async () => {
  const { server, sender, reader, stalled } = await roomWith([], false);
  expect(reader.texts).toHaveLength(count);
  stalled.client.socket.resume();
  await stalled.client.closed;
  expect(stalled.texts.length).toBeLessThan(count);
  expect((await facts(server))?.members).toBe(2);
  sender.say('the last');
  await expect.poll(() => reader.texts.at(-1)).toBe('the last');
});

it('closes the member that lets it wait too long', async () => {
  const settings = ['service.queueMessages=100000', 'service.queueBytes=67108864', 'service.memberTimeoutMs=100'];
  const { server, stalled } = await roomWith(settings, false);
  await expect.poll(async () => (await facts(server))?.members).toBe(2);
  stalled.client.socket.resume();
  await stalled.client.closed;
});
