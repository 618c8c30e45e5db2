import { encodeAmf0 } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryInUse, memorySettledTo } from './wire/memory-in-use.js';
import { closeRelay, expectServes, openRelay, type Relay } from './wire/relay.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { bytes, chunk, concat, message, pattern, text, u16, u24, u32 } from './wire/wire-bytes.js';
import { statusOf, WireClient } from './wire/wire-client.js';

const mebi = 1024 * 1024;
let server: TestServer;
let relay: Relay;
beforeAll(async () => {
  server = await startTestServer([
    'limits.queuedBytes=262144',
    'limits.messageBytes=5000000',
    'live.maxGopBytes=1048576',
  ]);
  relay = await openRelay(server);
});
afterAll(() => server.close());

function repeated(part: Uint8Array, times: number): Uint8Array {
  return concat(...Array.from({ length: times }, () => part));
}

function command(name: string, id: number, ...values: readonly (string | null)[]): Uint8Array {
  return message({ type: 20, payload: encodeAmf0([name, id, ...values]) }, 65_536);
}

describe('answers that are never read', () => {
  it.each([
    ['pings', chunk(0, { chunkStreamId: 2, type: 4, payload: concat(u16(6), u32(7)) })],
    ['createStream', command('createStream', 5, null)],
    ['unknown calls', command('nobodyKnowsThis', 5, null)],
    ['FCPublish with long names', command('FCPublish', 5, null, 'x'.repeat(60_000))],
    ['_checkbw', command('_checkbw', 5, null)],
    ['publish on no stream', command('publish', 5, null, 'x')],
  ])('close their connection and hold no memory: %s', async (_what, part) => {
    const client = await server.connected();
    client.setChunkSize(65_536);
    await client.barrier();
    const before = memoryInUse();
    client.socket.pause();
    const flood = repeated(part, Math.ceil(65_536 / part.length));
    while (!client.isClosed) await client.writeAll(flood);
    await expectServes(server, relay);
    expect(await memorySettledTo(before + 32 * mebi)).toBeLessThan(before + 32 * mebi);
  });
});

describe('floods that are read', () => {
  it('of createStream get 32 streams and errors, and the streams can be deleted', async () => {
    const client = await server.connected();
    client.write(...Array.from({ length: 1000 }, (_, i) => command('createStream', 1000 + i, null)));
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => client.answer(1000 + i)));
    const ids = answers.filter(({ values }) => values[0] === '_result').map(({ values }) => values[3]);
    expect(new Set(ids).size).toBe(32);
    expect(ids.length).toBe(32);
    for (const id of ids) client.sendCommand('deleteStream', 0, [null, Number(id)]);
    expect(await client.createStream()).toBeGreaterThan(0);
    client.destroy();
  });

  it('of createStream and deleteStream in turn go on for ever', async () => {
    const client = await server.connected();
    const before = memoryInUse();
    for (let i = 0; i < 2000; i += 1) {
      client.sendCommand('createStream', 0, [null]);
      client.sendCommand('deleteStream', 0, [null, 1]);
    }
    await client.barrier();
    expect(await client.createStream()).toBeGreaterThan(0);
    expect(await memorySettledTo(before + 16 * mebi)).toBeLessThan(before + 16 * mebi);
    client.destroy();
  });

  it('of calls are answered one by one, in order', async () => {
    const patient = await startTestServer();
    const client = await patient.connected();
    client.write(...Array.from({ length: 5000 }, (_, i) => command('x', 10 + i, null)));
    await client.answer(5009);
    const ids = client.received.filter(({ values }) => values[0] === '_error').map(({ values }) => values[1]);
    expect(ids).toEqual(Array.from({ length: 5000 }, (_, i) => 10 + i));
    await patient.close();
  });

  it('of media on streams that publish nothing end', async () => {
    const client = await server.connected();
    const stray = repeated(chunk(0, { type: 8, messageStreamId: 7, payload: bytes(1, 2, 3) }), 1000);
    while (!client.isClosed) await client.writeAll(stray);
    await expectServes(server, relay);
  });

  it('of names to play hold nothing when the player has gone', async () => {
    const before = server.running.streams.nameCount;
    const client = await server.connected();
    const id = await client.createStream();
    for (let i = 0; i < 1000; i += 1) client.sendCommand('play', 0, [null, `nobody publishes ${i}`], id);
    await client.barrier();
    // One stream waits for one name.
    expect(server.running.streams.nameCount).toBe(before + 1);
    client.reset();
    while (server.running.streams.nameCount > before) await relay.player.barrier();
  });

  it('of empty messages after a key frame hold no memory', async () => {
    const client = await server.connected();
    const id = await client.publish('empty flood');
    client.sendMessage({ type: 9, messageStreamId: id, payload: bytes(0x17, 1, 0, 0, 0, 9) });
    client.write(chunk(0, { type: 8, messageStreamId: id }));
    await client.barrier();
    const before = memoryInUse();
    const empty = repeated(chunk(3, {}), 10_000);
    for (let i = 0; i < 20; i += 1) await client.writeAll(empty);
    await client.barrier();
    expect(await memorySettledTo(before + 16 * mebi)).toBeLessThan(before + 16 * mebi);
    client.destroy();
  });

  it('of headers in long aggregates hold the headers alone', async () => {
    const client = await server.connected();
    const id = await client.publish('aggregate flood');
    client.setChunkSize(0xff_ffff);
    await client.barrier();
    const before = memoryInUse();
    for (let track = 0; track < 40; track += 1) {
      // An Enhanced RTMP sequence start of one track, then four megabytes that nobody keeps.
      const header = concat(bytes(0x96, 0x00), text('avc1'), bytes(track, 1, 2, 3));
      const filler = new Uint8Array(4_000_000);
      const payload = concat(
        bytes(9, ...u24(header.length), 0, 0, 0, 0, 0, 0, 0),
        header,
        u32(0),
        bytes(99, ...u24(filler.length), 0, 0, 0, 0, 0, 0, 0),
        filler,
        u32(0),
      );
      client.sendMessage({ type: 22, messageStreamId: id, payload });
      await client.barrier();
    }
    expect(await memorySettledTo(before + 32 * mebi)).toBeLessThan(before + 32 * mebi);
    client.destroy();
  });
});

describe('many connections', () => {
  let small: TestServer;
  beforeAll(async () => {
    small = await startTestServer(['limits.connections=12']);
  });
  afterAll(() => small.close());

  it('beyond the limit are closed; those inside it are served, and their places are given again', async () => {
    const served = await openRelay(small);
    const inside = await Promise.all(Array.from({ length: 10 }, () => small.connected()));
    for (let i = 0; i < 50; i += 1) {
      const outside = await small.open();
      await outside.closed;
      expect(outside.bytesReceived).toBe(0);
    }
    await expectServes(small, served);
    for (const client of inside) {
      await client.barrier();
      client.destroy();
    }
    let again: WireClient | undefined;
    while (again === undefined) again = await small.connected().catch(() => undefined);
    await again.barrier();
  });

  it('that are reset at any stage leave nothing behind', async () => {
    const stages: readonly ((client: WireClient, name: string) => Promise<unknown>)[] = [
      async () => undefined,
      (client) => client.writeAll(bytes(3)),
      (client) => client.writeAll(concat(bytes(3), pattern(1536))),
      (client) => client.handshake(),
      (client) => client.handshake().then(() => client.connectApp()),
      (client, name) =>
        client
          .handshake()
          .then(() => client.connectApp())
          .then(() => client.publish(name)),
      (client) =>
        client
          .handshake()
          .then(() => client.connectApp())
          .then(() => client.play(relay.name)),
    ];
    for (let round = 0; round < 10; round += 1) {
      const clients = await Promise.all(
        stages.map(async (stage, i) => {
          const client = await WireClient.open(server.port);
          await stage(client, `reset ${round} ${i}`);
          return client;
        }),
      );
      for (const client of clients) client.reset();
      await expectServes(server, relay);
    }
    const published = () => server.running.streams.published();
    while (published().some(({ name }) => name.startsWith('reset'))) await relay.player.barrier();
    while (published().find(({ name }) => name === relay.name)?.stream.playerCount !== 1) await relay.player.barrier();
  });

  it('free the name when the publisher is reset', async () => {
    const own = await openRelay(server);
    own.publisher.reset();
    await own.player.status('NetStream.Play.UnpublishNotify');
    const next = await server.connected();
    const id = await next.publish(own.name);
    await own.player.status('NetStream.Play.PublishNotify');
    await expectServes(server, { ...own, publisher: next, publisherStreamId: id });
    next.destroy();
    closeRelay(own);
  });
});

describe('a player that never reads', () => {
  it('slows nobody, holds no memory, and is let go', async () => {
    const impatient = await startTestServer(['limits.stallTimeoutMs=500', 'live.maxGopBytes=4194304']);
    const fast = await openRelay(impatient);
    const stuck = await impatient.connected();
    await stuck.play(fast.name);
    stuck.socket.pause();
    fast.publisher.setChunkSize(0xff_ffff);
    const frame = pattern(256 * 1024, 1);
    frame.set([0x27, 1, 0, 0, 0]);
    const before = memoryInUse();
    for (let i = 0; i < 200; i += 1) {
      frame[0] = i % 10 === 0 ? 0x17 : 0x27;
      fast.publisher.sendMessage({ type: 9, messageStreamId: fast.publisherStreamId, timestamp: i, payload: frame });
      const { timestamp, payload } = await fast.player.nextMedia();
      expect([timestamp, payload.length]).toEqual([i, frame.length]);
      fast.player.received.length = 0;
    }
    expect(await memorySettledTo(before + 48 * mebi)).toBeLessThan(before + 48 * mebi);
    // It goes on being published: a stall is seen when there is something to send.
    const players = () => impatient.running.streams.published()[0]?.stream.playerCount;
    for (let i = 200; players() !== 1; i += 1) {
      fast.publisher.sendMessage({
        type: 8,
        messageStreamId: fast.publisherStreamId,
        timestamp: i,
        payload: bytes(0xaf, 1),
      });
      await fast.player.nextMedia();
    }
    stuck.socket.resume();
    await stuck.closed;
    await impatient.close();
  });
});

describe('random bytes', () => {
  const stages: readonly (readonly [string, () => Promise<WireClient>])[] = [
    ['from the start', () => server.open()],
    [
      'after C0',
      async () => {
        const client = await server.open();
        client.write(bytes(3));
        return client;
      },
    ],
    ['after the handshake', () => server.handshaken()],
    ['after connect', () => server.connected()],
    [
      'while publishing',
      async () => {
        const client = await server.connected();
        await client.publish('garbage');
        return client;
      },
    ],
    [
      'while playing',
      async () => {
        const client = await server.connected();
        await client.play(relay.name);
        return client;
      },
    ],
  ];
  it.each(stages)('%s end that connection at most', async (_what, open) => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const client = await open();
      await client.writeAll(pattern(200 * seed, seed));
      client.socket.end();
      await client.closed;
      expect(client.fault).toBeUndefined();
      // The name is free again when the server has seen the end, which it answers with its own.
    }
    await expectServes(server, relay);
  });

  it('in the place of single ones of a whole session end that connection at most', async () => {
    const session = concat(
      bytes(3),
      pattern(1536),
      pattern(1536, 2),
      message({ type: 20, payload: encodeAmf0(['connect', 1, { app: 'live' }]) }),
      message({ type: 20, payload: encodeAmf0(['createStream', 2, null]) }),
      message({ type: 20, messageStreamId: 1, payload: encodeAmf0(['publish', 3, null, 'mutant', 'live']) }),
      message({ type: 18, messageStreamId: 1, payload: encodeAmf0(['@setDataFrame', 'onMetaData', { width: 1 }]) }),
      message({ type: 9, messageStreamId: 1, timestamp: 0x100_0000, payload: pattern(300) }),
      message({ type: 20, messageStreamId: 1, payload: encodeAmf0(['closeStream', 0, null]) }),
      message({ type: 20, messageStreamId: 1, payload: encodeAmf0(['play', 4, null, relay.name]) }),
    );
    for (let seed = 1; seed <= 300; seed += 1) {
      const mutant = session.slice();
      const random = pattern(20, seed);
      const count = 1 + ((random[0] ?? 0) % 5);
      for (let i = 0; i < count; i += 1) {
        // After the handshake: there every byte may be anything.
        const at = 3073 + ((((random[3 * i + 1] ?? 0) << 8) | (random[3 * i + 2] ?? 0)) % (session.length - 3073));
        mutant[at] = random[3 * i + 3] ?? 0;
      }
      const client = await server.open();
      await client.writeAll(mutant);
      client.socket.end();
      await client.closed;
    }
    await expectServes(server, relay);
    expect(
      relay.player.received.some((found) => statusOf(found)?.get('code') === 'NetStream.Play.UnpublishNotify'),
    ).toBe(false);
  });
});
