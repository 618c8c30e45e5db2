import { encodeAmf0 } from '@millrace/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeRelay, expectServes, openRelay, type Relay } from './wire/relay.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { basicHeader, bytes, chunk, concat, message, pattern, setChunkSize, u24, u32 } from './wire/wire-bytes.js';

let server: TestServer;
let relay: Relay;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  relay = await openRelay(server);
});
afterEach(() => closeRelay(relay));

/** The next `count` media messages at the player: timestamp and payload. */
async function played(count: number): Promise<[number, Uint8Array][]> {
  const found: [number, Uint8Array][] = [];
  for (let i = 0; i < count; i += 1) {
    const { timestamp, payload } = await relay.player.nextMedia();
    found.push([timestamp, payload]);
  }
  return found;
}

/** The publisher's connection is closed, its player is told, and everybody else is served. */
async function expectClosedAlone(): Promise<void> {
  await relay.publisher.closed;
  await relay.player.status('NetStream.Play.UnpublishNotify');
  await relay.player.barrier();
  await expectServes(server);
}

describe('chunk headers', () => {
  const forms = [
    [2, 1],
    [3, 1],
    [63, 1],
    [64, 2],
    [65, 2],
    [319, 2],
    [64, 3],
    [255, 3],
    [319, 3],
    [320, 3],
    [321, 3],
    [576, 3],
    [32_832, 3],
    [65_344, 3],
    [65_599, 3],
  ] as const;
  for (const [chunkStreamId, form] of forms) {
    it(`reads types 0 to 3 on chunk stream ${chunkStreamId} in ${form} bytes [RTMP §5.3.1]`, async () => {
      const messageStreamId = relay.publisherStreamId;
      const [a, b, c, d, e] = [pattern(50, 1), pattern(40, 2), pattern(40, 3), pattern(40, 4), pattern(40, 5)];
      const on = { chunkStreamId, form };
      relay.publisher.write(
        chunk(0, { ...on, timestamp: 1000, messageStreamId, payload: a }),
        chunk(1, { ...on, timestamp: 40, payload: b }),
        chunk(2, { ...on, timestamp: 23, payload: c }),
        chunk(3, { ...on, payload: d }),
        chunk(3, { ...on, payload: e }),
      );
      expect(await played(5)).toEqual([
        [1000, a],
        [1040, b],
        [1063, c],
        [1086, d],
        [1109, e],
      ]);
    });

    it(`joins a message's chunks on chunk stream ${chunkStreamId} in ${form} bytes`, async () => {
      const payload = pattern(1000, chunkStreamId);
      const messageStreamId = relay.publisherStreamId;
      relay.publisher.write(message({ chunkStreamId, form, type: 9, timestamp: 7, messageStreamId, payload }));
      expect(await played(1)).toEqual([[7, payload]]);
    });
  }

  it('takes 64 and 319 for the same chunk stream in both forms', async () => {
    const messageStreamId = relay.publisherStreamId;
    const payload = pattern(300, 3);
    relay.publisher.write(
      chunk(0, { chunkStreamId: 319, form: 2, messageStreamId, length: 300, payload: payload.subarray(0, 128) }),
      basicHeader(3, 319, 3),
      payload.subarray(128, 256),
      basicHeader(3, 319, 2),
      payload.subarray(256),
    );
    expect(await played(1)).toEqual([[0, payload]]);
  });

  it('adds the timestamp of a type 0 header when type 3 follows it [RTMP §5.3.1.2.4]', async () => {
    const messageStreamId = relay.publisherStreamId;
    relay.publisher.write(
      chunk(0, { timestamp: 26, messageStreamId, payload: pattern(9, 1) }),
      chunk(3, { payload: pattern(9, 2) }),
    );
    expect(await played(2)).toEqual([
      [26, pattern(9, 1)],
      [52, pattern(9, 2)],
    ]);
  });

  it('takes type 1 for the first header of a chunk stream, as librtmp sends it', async () => {
    relay.publisher.write(chunk(1, { chunkStreamId: 20, type: 4, payload: concat(bytes(0, 6), u32(5)) }));
    await relay.publisher.nextMessage(({ type, payload }) => type === 4 && payload[1] === 7 && payload[5] === 5);
  });

  it.each([2, 3] as const)('closes on type %i as the first header of a chunk stream', async (fmt) => {
    relay.publisher.write(chunk(fmt, { chunkStreamId: 30, timestamp: 1, payload: bytes(1, 2, 3) }));
    await expectClosedAlone();
  });

  it('does not mind timestamps that go back', async () => {
    const messageStreamId = relay.publisherStreamId;
    const times = [5000, 10, 0, 4999];
    for (const timestamp of times) relay.publisher.write(chunk(0, { timestamp, messageStreamId, payload: bytes(9) }));
    expect((await played(4)).map(([time]) => time)).toEqual(times);
  });

  it('takes the pieces of headers one byte at a time', async () => {
    const messageStreamId = relay.publisherStreamId;
    const payload = pattern(400, 8);
    const all = concat(
      message({ chunkStreamId: 400, timestamp: 0x01000000, messageStreamId, payload }),
      chunk(1, { chunkStreamId: 400, timestamp: 0x01000001, payload: pattern(3, 2) }),
      basicHeader(3, 400),
      u32(0x01000001),
      pattern(3, 3),
    );
    for (const byte of all) await relay.publisher.writeAll(bytes(byte));
    expect(await played(3)).toEqual([
      [0x01000000, payload],
      [0x02000001, pattern(3, 2)],
      [0x03000002, pattern(3, 3)],
    ]);
  });
});

describe('extended timestamps [RTMP §5.3.1.3], [Errata §5.1]', () => {
  const times = [0xff_fffe, 0xff_ffff, 0x100_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  for (const timestamp of times) {
    for (const length of [10, 128, 129, 500]) {
      it(`reads ${timestamp} with ${length} bytes, repeated or left out in type 3`, async () => {
        const messageStreamId = relay.publisherStreamId;
        const payload = pattern(length, timestamp);
        relay.publisher.write(message({ timestamp, messageStreamId, payload }));
        relay.publisher.write(message({ timestamp, messageStreamId, payload }, 128, { omitExtended: true }));
        relay.publisher.write(chunk(0, { timestamp: 5, messageStreamId, payload: bytes(1) }));
        expect(await played(3)).toEqual([
          [timestamp, payload],
          [timestamp, payload],
          [5, bytes(1)],
        ]);
        // The player's reader is strict about the server's own.
        await relay.player.barrier();
      });
    }
  }

  it('takes the field for a mark when the time after it is small', async () => {
    const payload = pattern(200, 4);
    relay.publisher.write(
      concat(basicHeader(0, 5), u24(0xff_ffff), u24(200), bytes(8, relay.publisherStreamId, 0, 0, 0), u32(5)),
      payload.subarray(0, 128),
      basicHeader(3, 5),
      u32(5),
      payload.subarray(128),
    );
    expect(await played(1)).toEqual([[5, payload]]);
  });

  it('reads extended deltas in types 1, 2 and 3', async () => {
    const messageStreamId = relay.publisherStreamId;
    const delta = 0x0100_0010;
    relay.publisher.write(
      chunk(0, { timestamp: 1, messageStreamId, payload: bytes(1) }),
      chunk(1, { timestamp: delta, payload: bytes(2) }),
      chunk(2, { timestamp: delta, payload: bytes(3) }),
      basicHeader(3, 3),
      u32(delta),
      bytes(4),
      chunk(2, { timestamp: 2, payload: bytes(5) }),
      chunk(3, { payload: bytes(6) }),
    );
    expect((await played(6)).map(([time]) => time)).toEqual([
      1,
      1 + delta,
      1 + 2 * delta,
      1 + 3 * delta,
      3 + 3 * delta,
      5 + 3 * delta,
    ]);
  });

  it('wraps at 2^32', async () => {
    const messageStreamId = relay.publisherStreamId;
    relay.publisher.write(
      chunk(0, { timestamp: 0xffff_fff0, messageStreamId, payload: bytes(1) }),
      chunk(1, { timestamp: 0x20, payload: bytes(2) }),
      chunk(3, { payload: bytes(3) }),
      chunk(2, { timestamp: 0xffff_ffff, payload: bytes(4) }),
    );
    expect((await played(4)).map(([time]) => time)).toEqual([0xffff_fff0, 0x10, 0x30, 0x2f]);
  });

  it('is in force on its own chunk stream only', async () => {
    const messageStreamId = relay.publisherStreamId;
    const [a, b] = [pattern(200, 1), pattern(200, 2)];
    relay.publisher.write(
      chunk(0, { chunkStreamId: 4, timestamp: 0x2000_0000, messageStreamId, length: 200, payload: a.subarray(0, 128) }),
      chunk(0, { chunkStreamId: 6, timestamp: 9, messageStreamId, length: 200, payload: b.subarray(0, 128) }),
      basicHeader(3, 6),
      b.subarray(128),
      basicHeader(3, 4),
      u32(0x2000_0000),
      a.subarray(128),
    );
    expect(await played(2)).toEqual([
      [9, b],
      [0x2000_0000, a],
    ]);
  });
});

describe('Set Chunk Size [RTMP §5.4.1]', () => {
  for (const size of [1, 2, 127, 128, 129, 4096, 65_536, 0xff_ffff, 0x100_0000, 0x7fff_ffff]) {
    it(`takes ${size}`, async () => {
      const payload = pattern(3000, size);
      const messageStreamId = relay.publisherStreamId;
      relay.publisher.write(setChunkSize(size), message({ timestamp: 3, messageStreamId, payload }, size));
      expect(await played(1)).toEqual([[3, payload]]);
    });
  }

  it('is in force at once, for messages begun before it too', async () => {
    const messageStreamId = relay.publisherStreamId;
    const payload = pattern(1000, 6);
    relay.publisher.write(
      chunk(0, { chunkStreamId: 4, messageStreamId, length: 1000, payload: payload.subarray(0, 128) }),
      setChunkSize(300),
      basicHeader(3, 4),
      payload.subarray(128, 428),
      setChunkSize(10),
      basicHeader(3, 4),
      payload.subarray(428, 438),
      setChunkSize(100_000),
      basicHeader(3, 4),
      payload.subarray(438),
    );
    expect(await played(1)).toEqual([[0, payload]]);
  });

  it('cuts its own message when it is smaller than that', async () => {
    const messageStreamId = relay.publisherStreamId;
    relay.publisher.write(setChunkSize(2));
    relay.publisher.write(message({ chunkStreamId: 2, type: 1, payload: u32(50) }, 2));
    relay.publisher.write(message({ messageStreamId, payload: pattern(120, 1) }, 50));
    expect(await played(1)).toEqual([[0, pattern(120, 1)]]);
  });

  it('is taken on any chunk stream and message stream', async () => {
    const messageStreamId = relay.publisherStreamId;
    relay.publisher.write(chunk(0, { chunkStreamId: 9, type: 1, messageStreamId: 77, payload: u32(500) }));
    relay.publisher.write(message({ messageStreamId, payload: pattern(900, 1) }, 500));
    expect(await played(1)).toEqual([[0, pattern(900, 1)]]);
  });

  it.each([
    ['0', u32(0)],
    ['the top bit set', u32(0x8000_0080)],
    ['2^32-1', u32(0xffff_ffff)],
    ['no bytes', new Uint8Array(0)],
    ['3 bytes', bytes(0, 1, 0)],
  ])('closes on %s', async (_what, payload) => {
    relay.publisher.write(chunk(0, { chunkStreamId: 2, type: 1, payload }));
    await expectClosedAlone();
  });
});

describe('Abort [RTMP §5.4.2]', () => {
  const abort = (chunkStreamId: number): Uint8Array =>
    chunk(0, { chunkStreamId: 2, type: 2, payload: u32(chunkStreamId) });

  it('drops the message in progress, and headers go on from it [Errata §6]', async () => {
    const messageStreamId = relay.publisherStreamId;
    const [a, b] = [pattern(500, 1), pattern(60, 2)];
    relay.publisher.write(
      chunk(0, { chunkStreamId: 4, timestamp: 100, messageStreamId, length: 500, payload: a.subarray(0, 128) }),
      basicHeader(3, 4),
      a.subarray(128, 256),
      abort(4),
      chunk(1, { chunkStreamId: 4, timestamp: 10, payload: b }),
      chunk(3, { chunkStreamId: 4, payload: pattern(60, 3) }),
    );
    expect(await played(2)).toEqual([
      [110, b],
      [120, pattern(60, 3)],
    ]);
  });

  it('leaves other chunk streams alone', async () => {
    const messageStreamId = relay.publisherStreamId;
    const payload = pattern(300, 5);
    relay.publisher.write(
      chunk(0, { chunkStreamId: 4, messageStreamId, length: 300, payload: payload.subarray(0, 128) }),
      chunk(0, { chunkStreamId: 500, messageStreamId, length: 300, payload: payload.subarray(0, 128) }),
      abort(500),
      basicHeader(3, 4),
      payload.subarray(128, 256),
      abort(3),
      abort(60_000),
      abort(0),
      abort(0xffff_ffff),
      basicHeader(3, 4),
      payload.subarray(256),
    );
    expect(await played(1)).toEqual([[0, payload]]);
  });

  it('is taken twice, and when there is nothing to drop', async () => {
    const messageStreamId = relay.publisherStreamId;
    relay.publisher.write(abort(4), abort(4), chunk(0, { chunkStreamId: 4, messageStreamId, payload: bytes(7) }));
    relay.publisher.write(abort(4), chunk(3, { chunkStreamId: 4, payload: bytes(8) }));
    expect((await played(2)).map(([, payload]) => payload)).toEqual([bytes(7), bytes(8)]);
  });

  it('may be repeated for ever without holding memory', async () => {
    const part = chunk(0, { chunkStreamId: 4, type: 9, length: 8_000_000, payload: new Uint8Array(128) });
    const turn = concat(part, abort(4));
    for (let i = 0; i < 50; i += 1) relay.publisher.write(...Array.from({ length: 100 }, () => turn));
    await relay.publisher.barrier();
    await expectServes(server, relay);
  });

  it('closes when it is too short', async () => {
    relay.publisher.write(chunk(0, { chunkStreamId: 2, type: 2, payload: bytes(0, 0, 4) }));
    await expectClosedAlone();
  });
});

describe('messages', () => {
  it('are taken apart when their chunks are interleaved', async () => {
    const messageStreamId = relay.publisherStreamId;
    const ids = [4, 63, 64, 319, 320, 65_599];
    const sent = ids.map((chunkStreamId, i) => ({ chunkStreamId, payload: pattern(400 + 100 * i, i + 1) }));
    for (let at = 0; at < 1000; at += 128) {
      for (const { chunkStreamId, payload } of sent) {
        if (at >= payload.length) continue;
        const part = payload.subarray(at, at + 128);
        const { length } = payload;
        if (at > 0) relay.publisher.write(basicHeader(3, chunkStreamId), part);
        else relay.publisher.write(chunk(0, { chunkStreamId, messageStreamId, length, payload: part }));
      }
    }
    expect((await played(6)).map(([, payload]) => payload)).toEqual(sent.map(({ payload }) => payload));
  });

  it('may be of any type on any chunk stream', async () => {
    const messageStreamId = relay.publisherStreamId;
    relay.publisher.write(
      chunk(0, { chunkStreamId: 9, type: 8, messageStreamId, payload: bytes(1) }),
      chunk(1, { chunkStreamId: 9, type: 9, payload: bytes(2) }),
      chunk(0, { chunkStreamId: 9, type: 4, payload: concat(bytes(0, 6), u32(1)) }),
      chunk(0, { chunkStreamId: 9, type: 8, messageStreamId, payload: bytes(3) }),
    );
    expect((await played(3)).map(([, payload]) => payload)).toEqual([bytes(1), bytes(2), bytes(3)]);
  });

  it('may be empty', async () => {
    const messageStreamId = relay.publisherStreamId;
    relay.publisher.write(
      chunk(0, { type: 8, messageStreamId, timestamp: 1 }),
      chunk(3, {}),
      chunk(2, { timestamp: 5 }),
      chunk(0, { type: 9, messageStreamId }),
      chunk(0, { type: 18, messageStreamId }),
      chunk(0, { type: 22, messageStreamId }),
      chunk(0, { type: 8, messageStreamId, timestamp: 50, payload: bytes(1) }),
    );
    let last = await relay.player.nextMedia();
    while (last.payload.length === 0) last = await relay.player.nextMedia();
    expect(last).toMatchObject({ timestamp: 50, payload: bytes(1) });
  });

  it('of unknown types are ignored, long and empty', async () => {
    const messageStreamId = relay.publisherStreamId;
    for (const type of [0, 7, 10, 11, 12, 13, 14, 21, 23, 24, 99, 128, 254, 255]) {
      relay.publisher.write(
        message({ type, messageStreamId, payload: pattern(300, type) }),
        chunk(0, { type, payload: bytes() }),
      );
    }
    await relay.publisher.barrier();
    await expectServes(server, relay);
    expect(relay.player.received.every(({ type }) => [1, 4, 5, 6, 8, 18, 20].includes(type))).toBe(true);
  });

  it('of unknown types are ignored before connect', async () => {
    const client = await server.handshaken();
    for (const type of [0, 7, 14, 99, 255]) client.write(message({ type, payload: pattern(300, type) }));
    await client.connectApp();
    client.destroy();
  });

  it('go on when a header inside them repeats what they are', async () => {
    const messageStreamId = relay.publisherStreamId;
    const payload = pattern(400, 2);
    relay.publisher.write(
      chunk(0, { timestamp: 9, messageStreamId, length: 400, payload: payload.subarray(0, 128) }),
      chunk(0, { timestamp: 9, messageStreamId, length: 400, payload: payload.subarray(128, 256) }),
      chunk(1, { timestamp: 9, length: 400, payload: payload.subarray(256, 384) }),
      basicHeader(3, 3),
      payload.subarray(384),
    );
    expect(await played(1)).toEqual([[9, payload]]);
  });

  it.each([
    ['another length', chunk(1, { length: 500, payload: new Uint8Array(128) })],
    ['another type', chunk(1, { type: 9, length: 400, payload: new Uint8Array(128) })],
    ['another message stream', chunk(0, { length: 400, messageStreamId: 9, payload: new Uint8Array(128) })],
  ])('close when a header inside them has %s', async (_what, inside) => {
    const messageStreamId = relay.publisherStreamId;
    relay.publisher.write(chunk(0, { messageStreamId, length: 400, payload: new Uint8Array(128) }), inside);
    await expectClosedAlone();
  });

  it('that claim more than the limit close at once', async () => {
    const messageStreamId = relay.publisherStreamId;
    relay.publisher.write(chunk(0, { messageStreamId, length: 8 * 1024 * 1024 + 1 }));
    await expectClosedAlone();
  });

  it('that claim the limit and never come leave with their connection', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const liars = await Promise.all(Array.from({ length: 30 }, () => server.connected()));
    for (const liar of liars) {
      for (let chunkStreamId = 3; chunkStreamId < 60; chunkStreamId += 1) {
        liar.write(chunk(0, { chunkStreamId, length: 8 * 1024 * 1024, payload: new Uint8Array(128) }));
      }
      await liar.barrier();
    }
    // 30 × 57 messages of 8 MiB are claimed: memory is given for what has come.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    for (const liar of liars) liar.reset();
    await expectServes(server, relay);
  });

  it('have their message stream id little-endian, beyond 16 bits too [RTMP §5.3.1.2.5]', async () => {
    for (const id of [0x0001_0000, 0x00ab_cdef, 0x0102_0304, 0xfffe_fdfc]) {
      relay.publisher.write(
        message({ type: 20, messageStreamId: id, payload: encodeAmf0(['publish', 9, null, 'x', 'live']) }),
      );
      const refusal = await relay.publisher.nextMessage(({ messageStreamId }) => messageStreamId === id);
      expect(refusal.values[0]).toBe('onStatus');
      // Low bytes alone are another stream: media there is not that of stream 1.
      relay.publisher.write(
        chunk(0, { messageStreamId: (id & 0xffff_ff00) | relay.publisherStreamId, payload: bytes(9) }),
      );
    }
    await expectServes(server, relay);
  });
});

describe('limits of the chunk stream', () => {
  let strict: TestServer;
  beforeAll(async () => {
    strict = await startTestServer(['limits.chunkStreams=8', 'limits.partialBytes=65536', 'limits.messageBytes=32768']);
  });
  afterAll(() => strict.close());

  it('closes when chunk streams are too many', async () => {
    const client = await strict.handshaken();
    const ping = concat(bytes(0, 6), u32(1));
    for (let id = 3; id < 11; id += 1) client.write(chunk(0, { chunkStreamId: id, type: 4, payload: ping }));
    for (let i = 0; i < 8; i += 1) await client.nextMessage(({ type }) => type === 4);
    client.write(chunk(0, { chunkStreamId: 64, type: 4, payload: ping }));
    await client.closed;
    await expectServes(strict);
  });

  it('takes a message of the limit and closes on one byte more', async () => {
    const good = await openRelay(strict);
    const payload = pattern(32_768);
    good.publisher.sendMessage({ type: 9, messageStreamId: good.publisherStreamId, payload });
    expect((await good.player.nextMedia()).payload).toEqual(payload);
    good.publisher.sendMessage({ type: 9, messageStreamId: good.publisherStreamId, payload: pattern(32_769) });
    await good.publisher.closed;
    await good.player.barrier();
    await expectServes(strict);
  });

  it('closes when messages in progress are too much together', async () => {
    const client = await strict.connected();
    client.write(setChunkSize(30_000));
    for (let chunkStreamId = 4; chunkStreamId < 7; chunkStreamId += 1) {
      client.write(chunk(0, { chunkStreamId, type: 9, length: 32_000, payload: new Uint8Array(30_000) }));
    }
    await client.closed;
    await expectServes(strict);
  });
});
