import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeRelay, expectServes, openRelay, type Relay } from './wire/relay.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { bytes, concat, message, pattern, u24, u32 } from './wire/wire-bytes.js';

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

const mebi = 1024 * 1024;
const limit = 8 * mebi;

function publish(type: number, payload: Uint8Array, timestamp = 0): void {
  relay.publisher.sendMessage({ type, messageStreamId: relay.publisherStreamId, timestamp, payload });
}

/** A payload that begins as AVC does and goes on as it likes. */
function avc(first: number, length: number, seed: number): Uint8Array {
  const payload = pattern(length, seed);
  payload.set([first, 1, 0, 0, 0]);
  return payload;
}

describe('media is delivered byte for byte', () => {
  for (const length of [1, 2, 127, 128, 129, 59_999, 60_000, 60_001, 65_536, 256 * 1024 + 1, mebi]) {
    it(`of ${length} bytes`, async () => {
      relay.publisher.setChunkSize(65_536);
      const payload = pattern(length, length);
      publish(9, payload, 40);
      expect(await relay.player.nextMedia()).toMatchObject({ type: 9, timestamp: 40 });
      publish(8, payload, 41);
      const audio = await relay.player.nextMedia();
      expect(Buffer.from(audio.payload).equals(payload)).toBe(true);
    });
  }

  for (const [length, chunkSize] of [
    [5 * mebi, 128],
    [5 * mebi, 4096],
    [limit, 0xff_ffff],
  ] as const) {
    it(`of ${length} bytes in chunks of ${chunkSize}, between small ones`, async () => {
      relay.publisher.setChunkSize(chunkSize);
      const video = avc(0x17, length, 3);
      publish(8, bytes(0xaf, 1, 1), 1);
      publish(9, video, 2);
      publish(8, bytes(0xaf, 1, 2), 3);
      expect((await relay.player.nextMedia()).payload).toEqual(bytes(0xaf, 1, 1));
      expect(Buffer.from((await relay.player.nextMedia()).payload).equals(video)).toBe(true);
      expect((await relay.player.nextMedia()).payload).toEqual(bytes(0xaf, 1, 2));
      // A late joiner gets it too: it is the newest key frame.
      const late = await server.connected();
      await late.play(relay.name);
      expect(Buffer.from((await late.nextMedia()).payload).equals(video)).toBe(true);
      late.destroy();
    });
  }

  it('to a player that answers pings while it reads slowly', async () => {
    const video = avc(0x17, limit, 4);
    relay.player.socket.pause();
    relay.publisher.setChunkSize(0xff_ffff);
    publish(9, video, 2);
    await relay.publisher.barrier();
    // Its answers wait behind the picture: they are few, and the picture is not its doing.
    const pings = Array.from({ length: 200 }, () => relay.player.barrier());
    await expectServes(server);
    relay.player.socket.resume();
    await Promise.all(pings);
    expect(Buffer.from((await relay.player.nextMedia()).payload).equals(video)).toBe(true);
  });

  it('with every timestamp as it was', async () => {
    const times = [0, 1, 0xff_fffe, 0xff_ffff, 0x100_0000, 0xffff_fff0, 0xffff_ffff, 0, 16];
    for (const [i, time] of times.entries()) publish(8, bytes(0xaf, 1, i), time);
    for (const [i, time] of times.entries()) {
      expect(await relay.player.nextMedia()).toMatchObject({ timestamp: time, payload: bytes(0xaf, 1, i) });
    }
  });

  it('of several streams on one connection, to their own players', async () => {
    const second = await relay.publisher.publish(`${relay.name}-b`);
    expect(second).not.toBe(relay.publisherStreamId);
    const player = await server.connected();
    const first = await player.play(relay.name);
    const other = await player.play(`${relay.name}-b`);
    expect(first).not.toBe(other);
    for (let i = 0; i < 50; i += 1) {
      publish(8, bytes(0xaf, 1, i), i);
      relay.publisher.sendMessage({ type: 8, messageStreamId: second, timestamp: i, payload: bytes(0xaf, 1, 100 + i) });
    }
    for (let i = 0; i < 50; i += 1) {
      const of = (id: number) =>
        player.nextMessage(({ type, messageStreamId }) => type === 8 && messageStreamId === id);
      expect((await of(first)).payload[2]).toBe(i);
      expect((await of(other)).payload[2]).toBe(100 + i);
    }
    player.destroy();
  });

  it('in every size, with random payloads in all media types', async () => {
    const sent: [number, Uint8Array][] = [];
    for (let seed = 1; seed <= 200; seed += 1) {
      const payload = pattern((seed * 37) % 700 || 1, seed);
      const type = seed % 2 === 0 ? 8 : 9;
      // Not a key frame, nor a header that would be repeated.
      payload[0] = type === 8 ? 0x2f : 0x22;
      publish(type, payload, seed);
      sent.push([type, payload]);
    }
    for (const [type, payload] of sent) {
      const found = await relay.player.nextMedia();
      expect([found.type, found.payload]).toEqual([type, payload]);
    }
  });
});

describe('messages over the limit', () => {
  it.each([8, 9, 18, 20, 22, 99])('of type %i close that connection alone', async (type) => {
    relay.publisher.setChunkSize(0xff_ffff);
    publish(type, new Uint8Array(limit + 1));
    await relay.publisher.closed;
    await relay.player.status('NetStream.Play.UnpublishNotify');
    await expectServes(server);
  });

  it('close before they have come', async () => {
    relay.publisher.setChunkSize(0xff_ffff);
    relay.publisher.write(
      message({ type: 9, messageStreamId: relay.publisherStreamId, length: 0xff_ffff, payload: bytes(0x17) }),
    );
    await relay.publisher.closed;
    await expectServes(server);
  });
});

interface Part {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
  readonly length?: number;
}

function part({ type, timestamp, payload, length }: Part): Uint8Array {
  return concat(
    bytes(type),
    u24(length ?? payload.length),
    u24(timestamp & 0xff_ffff),
    bytes(timestamp >>> 24),
    u24(0),
    payload,
    u32(11 + payload.length),
  );
}

describe('aggregates [RTMP §7.1.6]', () => {
  const sound = (i: number): Uint8Array => bytes(0xaf, 1, i);
  const audio = (timestamp: number, i: number): Uint8Array => part({ type: 8, timestamp, payload: sound(i) });

  it.each([
    ['at the time of their first message', 1000, [1000, 1020, 1040], [1000, 1020, 1040]],
    ['moved', 5000, [1000, 1020, 1040], [5000, 5020, 5040]],
    ['moved back', 100, [1000, 1020, 990], [100, 120, 90]],
    [
      'of times beyond 24 bits',
      0x0200_0000,
      [0x0100_0000, 0x0100_0010, 0x0100_0020],
      [0x0200_0000, 0x0200_0010, 0x0200_0020],
    ],
    ['across 2^32', 0xffff_fff0, [0, 0x20, 0x40], [0xffff_fff0, 0x10, 0x30]],
    ['whose own times wrap', 7, [0xffff_fff0, 0x10, 0x30], [7, 0x27, 0x47]],
  ] as const)('are split, %s', async (_what, timestamp, inside, expected) => {
    publish(22, concat(...inside.map((time, i) => audio(time, i))), timestamp);
    for (const [i, time] of expected.entries()) {
      expect(await relay.player.nextMedia()).toMatchObject({ type: 8, timestamp: time, payload: sound(i) });
    }
    await expectServes(server, relay);
  });

  it('may hold audio, video, data and empty messages', async () => {
    const payload = concat(
      audio(10, 1),
      part({ type: 9, timestamp: 11, payload: avc(0x27, 700, 3) }),
      part({ type: 18, timestamp: 12, payload: concat(bytes(2, 0, 1, 0x78), bytes(5)) }),
      part({ type: 8, timestamp: 13, payload: bytes() }),
      audio(14, 2),
    );
    publish(22, payload, 10);
    const found = [await relay.player.nextMedia(), await relay.player.nextMedia(), await relay.player.nextMedia()];
    expect(found.map(({ type, timestamp }) => [type, timestamp])).toEqual([
      [8, 10],
      [9, 11],
      [18, 12],
    ]);
    await relay.player.nextMessage(({ type, timestamp }) => type === 8 && timestamp === 14);
  });

  it('leave out what is no media', async () => {
    const command = part({ type: 20, timestamp: 0, payload: bytes(2, 0, 1, 0x78) });
    const chunkSize = part({ type: 1, timestamp: 0, payload: u32(1) });
    publish(22, concat(audio(0, 1), command, chunkSize, audio(1, 2)));
    expect((await relay.player.nextMedia()).payload).toEqual(sound(1));
    expect((await relay.player.nextMedia()).payload).toEqual(sound(2));
    await expectServes(server, relay);
  });

  it('may lack the last back pointer, and have wrong ones', async () => {
    const whole = concat(audio(0, 1), audio(1, 2));
    whole.fill(0xee, 14, 18);
    publish(22, whole.subarray(0, whole.length - 4));
    expect((await relay.player.nextMedia()).payload).toEqual(sound(1));
    expect((await relay.player.nextMedia()).payload).toEqual(sound(2));
  });

  it('may be large', async () => {
    relay.publisher.setChunkSize(65_536);
    const videos = [1, 2, 3, 4].map((seed) => avc(0x27, mebi, seed));
    publish(22, concat(...videos.map((payload, i) => part({ type: 9, timestamp: i, payload }))));
    for (const video of videos) {
      expect(Buffer.from((await relay.player.nextMedia()).payload).equals(video)).toBe(true);
    }
  });

  it.each([
    ['end inside a header', bytes(8, 0, 0)],
    ['claim more than there is', part({ type: 8, timestamp: 0, payload: bytes(1), length: 0xff_ffff })],
    ['hold an aggregate', part({ type: 22, timestamp: 0, payload: audio(0, 1) })],
    ['hold a hundred thousand messages', concat(...Array.from({ length: 100_000 }, () => audio(0, 1)))],
  ])('close their connection alone when they %s', async (_what, tail) => {
    publish(22, concat(audio(0, 1), tail));
    await relay.publisher.closed;
    await relay.player.status('NetStream.Play.UnpublishNotify');
    await expectServes(server);
  });
});
