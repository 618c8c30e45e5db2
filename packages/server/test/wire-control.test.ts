import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectServes } from './wire/relay.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { bytes, chunk, concat, message, pattern, u16, u32 } from './wire/wire-bytes.js';
import type { WireClient } from './wire/wire-client.js';

let server: TestServer;
let client: WireClient;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  client = await server.connected();
});
afterEach(() => client.destroy());

function control(type: number, payload: Uint8Array): Uint8Array {
  return chunk(0, { chunkStreamId: 2, type, payload });
}

/** `length` bytes that the server ignores: a message of an unknown type. */
function ignored(length: number): Uint8Array {
  return message({ chunkStreamId: 10, type: 99, payload: pattern(length) });
}

function acknowledgements(of: WireClient): number[] {
  return of.received.filter(({ type }) => type === 3).map(({ payload }) => Buffer.from(payload).readUInt32BE());
}

describe('acknowledgements [RTMP §5.4.3]', () => {
  it.each([1, 100, 1000, 2500, 4096, 65_536])('come every %i bytes', async (window) => {
    client.write(control(5, u32(window)));
    await client.barrier();
    const before = client.socket.bytesWritten;
    const rounds = 8;
    for (let i = 0; i < rounds; i += 1) {
      client.write(ignored(window));
      await client.barrier();
    }
    const sent = client.socket.bytesWritten;
    const numbers = acknowledgements(client).filter((number) => number > before);
    expect(numbers.length).toBeGreaterThanOrEqual(rounds - 1);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(numbers.at(-1)).toBeLessThanOrEqual(sent);
    // Never later than one window after the one before.
    expect(sent - (numbers.at(-1) ?? 0)).toBeLessThan(window + 100);
  });

  it('stand on chunk stream 2 and message stream 0', async () => {
    client.write(control(5, u32(5000)), ignored(6000));
    expect(await client.nextMessage(({ type }) => type === 3)).toMatchObject({ chunkStreamId: 2, messageStreamId: 0 });
  });

  it('count from before connect, too', async () => {
    const early = await server.handshaken();
    early.write(control(5, u32(5000)), ignored(6000));
    const { payload } = await early.nextMessage(({ type }) => type === 3);
    expect(Buffer.from(payload).readUInt32BE()).toBeLessThanOrEqual(early.socket.bytesWritten);
    await early.connectApp();
    early.destroy();
  });

  it('are as before after a window of 0', async () => {
    client.write(control(5, u32(5000)), control(5, u32(0)), ignored(6000));
    await client.nextMessage(({ type }) => type === 3);
  });

  it('come for the default window when the peer sets none', async () => {
    client.setChunkSize(65_536);
    for (let i = 0; i < 60; i += 1) {
      client.write(message({ chunkStreamId: 10, type: 99, payload: pattern(50_000) }, 65_536));
    }
    await client.nextMessage(({ type }) => type === 3);
  });

  it('do not mind the largest window, or acknowledgements of anything', async () => {
    client.write(control(5, u32(0xffff_ffff)));
    for (const number of [0, 1, 5_000_000, 0xffff_ffff, 7]) client.write(control(3, u32(number)));
    await client.barrier();
    await expectServes(server);
  });
});

describe('Set Peer Bandwidth [RTMP §5.4.5]', () => {
  const hard = 0;
  const soft = 1;
  const dynamic = 2;
  async function answersTo(...requests: readonly [number, number][]): Promise<number[]> {
    const before = client.received.length;
    for (const [size, limitType] of requests) client.write(control(6, concat(u32(size), bytes(limitType))));
    await client.barrier();
    const answers = client.received.slice(before).filter(({ type }) => type === 5);
    return answers.map(({ payload }) => Buffer.from(payload).readUInt32BE());
  }

  it('is sent by the server after connect, with its window before', () => {
    const types = client.received.map(({ type }) => type);
    const answer = types.indexOf(20);
    expect(types.slice(0, answer)).toEqual(expect.arrayContaining([5, 6, 1, 4]));
    expect(types.indexOf(5)).toBeLessThan(types.indexOf(6));
    const bandwidth = client.received.find(({ type }) => type === 6);
    expect(bandwidth?.payload.length).toBe(5);
    for (const { type, chunkStreamId, messageStreamId } of client.received) {
      if (type < 7) expect([chunkStreamId, messageStreamId]).toEqual([2, 0]);
    }
  });

  it('is answered with the window when that changes', async () => {
    expect(await answersTo([100_000, hard], [100_000, hard], [200_000, hard])).toEqual([100_000, 200_000]);
  });

  it('lowers and never raises a soft limit', async () => {
    expect(await answersTo([100_000, hard], [200_000, soft], [50_000, soft])).toEqual([100_000, 50_000]);
  });

  it('follows a dynamic limit only after a hard one', async () => {
    expect(await answersTo([100_000, dynamic])).toEqual([]);
    expect(await answersTo([100_000, hard], [90_000, dynamic])).toEqual([100_000, 90_000]);
    expect(await answersTo([80_000, soft], [70_000, dynamic])).toEqual([80_000]);
  });

  it.each([0, 1, 2, 3, 255])('takes limit type %i and sizes of 0 and 2^32-1', async (limitType) => {
    await answersTo([0, limitType], [0xffff_ffff, limitType], [1, limitType]);
    await expectServes(server);
  });
});

describe('user control [RTMP §7.1.7]', () => {
  it.each([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])('answers a ping of %i with the same', async (time) => {
    client.write(control(4, concat(u16(6), u32(time))));
    const answer = await client.nextMessage(({ type, payload }) => type === 4 && payload[1] === 7);
    expect(answer).toMatchObject({ chunkStreamId: 2, messageStreamId: 0, payload: concat(u16(7), u32(time)) });
  });

  it('answers pings before connect', async () => {
    const early = await server.handshaken();
    await early.barrier();
    early.destroy();
  });

  it('answers a ping on any chunk stream and message stream, with bytes to spare', async () => {
    const payload = concat(u16(6), u32(42), pattern(300));
    client.write(message({ chunkStreamId: 300, type: 4, messageStreamId: 9, payload }));
    const answer = await client.nextMessage(({ type, payload: [, event] }) => type === 4 && event === 7);
    expect(answer.payload).toEqual(concat(u16(7), u32(42)));
  });

  it('ignores pongs that nobody asked for, and what only servers say', async () => {
    for (const event of [0, 1, 2, 4, 7, 31, 32]) client.write(control(4, concat(u16(event), u32(1))));
    client.write(control(4, u16(26)), control(4, concat(u16(27), pattern(42))));
    await client.barrier();
  });

  it('ignores unknown events, with data and without', async () => {
    for (const event of [5, 8, 9, 25, 28, 33, 255, 256, 0x8000, 0xffff]) {
      client.write(
        control(4, u16(event)),
        message({ chunkStreamId: 2, type: 4, payload: concat(u16(event), pattern(500)) }),
      );
    }
    await client.barrier();
  });

  it('takes buffer lengths for streams that are there and that are not', async () => {
    const id = await client.createStream();
    for (const [stream, ms] of [
      [id, 3000],
      [id, 0],
      [id, 0xffff_ffff],
      [0, 100],
      [99, 100],
      [0xffff_ffff, 1],
    ] as const) {
      client.write(control(4, concat(u16(3), u32(stream), u32(ms))));
    }
    await client.barrier();
  });
});

describe('control messages that are too short', () => {
  it.each([
    ['an acknowledgement', 3, bytes(0, 0, 1)],
    ['a window size', 5, bytes(1)],
    ['an empty window size', 5, bytes()],
    ['a peer bandwidth without its type', 6, u32(100_000)],
    ['an empty user control', 4, bytes()],
    ['one byte of user control', 4, bytes(0)],
    ['a ping without its time', 4, bytes(0, 6)],
    ['a buffer length without its time', 4, concat(u16(3), u32(1))],
  ])('close their connection alone: %s', async (_what, type, payload) => {
    client.write(control(type, payload));
    await client.closed;
    await expectServes(server);
  });
});
