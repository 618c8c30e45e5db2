import { createHmac } from 'node:crypto';
import { encodeAmf0 } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectServes } from './wire/relay.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { bytes, concat, message, pattern, text, u32 } from './wire/wire-bytes.js';
import type { WireClient } from './wire/wire-client.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** C1 of the simple handshake, or of another one with a `version`. */
function packet(version = 0, seed = 1): Uint8Array {
  return concat(u32(0x01020304), u32(version), pattern(1528, seed));
}

const connectCommand = message({
  type: 20,
  payload: encodeAmf0(['connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' }]),
});

async function expectConnected(client: WireClient): Promise<void> {
  client.startChunks();
  expect((await client.answer(1)).values[0]).toBe('_result');
  await client.barrier();
}

describe('simple handshake', () => {
  it('answers with S0, S1 and S2, and with nothing more before C2 [RTMP §5.2.2 to §5.2.4]', async () => {
    const client = await server.open();
    const c1 = packet();
    client.write(bytes(3), c1);
    const answer = await client.readRaw(3073);
    expect(answer[0]).toBe(3);
    expect(answer.readUInt32BE(1 + 4)).toBe(0);
    const s2 = answer.subarray(1537);
    expect(s2.subarray(0, 4)).toEqual(Buffer.from(c1.subarray(0, 4)));
    expect(s2.subarray(8)).toEqual(Buffer.from(c1.subarray(8)));
    client.write(answer.subarray(1, 1537), connectCommand);
    await expectConnected(client);
    // What came between S2 and the first answer would have made the chunks unreadable.
    expect(client.received[0]?.type).toBe(5);
  });

  it('has other random bytes for every connection', async () => {
    const packets: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const client = await server.open();
      client.write(bytes(3), packet());
      packets.push((await client.readRaw(3073)).subarray(9, 1537).toString('hex'));
    }
    expect(new Set(packets).size).toBe(3);
  });

  it.each([0, 1, 2, 3, 4, 5, 7, 10, 16, 22, 31])('answers version %i with 3 [RTMP §5.2.2]', async (version) => {
    const client = await server.open();
    client.write(bytes(version), packet(), new Uint8Array(1536), connectCommand);
    expect((await client.readRaw(3073))[0]).toBe(3);
    await expectConnected(client);
  });

  it.each([32, 0x5b, 0x7f, 0x80, 0xff])('closes on version %i and says nothing', async (version) => {
    const client = await server.open();
    client.write(bytes(version));
    await client.closed;
    expect(client.bytesReceived).toBe(0);
  });

  it('answers an HTTP request that this is no place for it, and closes', async () => {
    const client = await server.open();
    client.write(text('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    await client.closed;
    expect(client.bytesReceived).toBeGreaterThan(0);
  });

  it.each([
    ['zeros', new Uint8Array(1536)],
    ['ones', new Uint8Array(1536).fill(0xff)],
    ['other random bytes', pattern(1536, 99)],
  ])('takes a C2 of %s [Errata §3]', async (_what, c2) => {
    const client = await server.open();
    client.write(bytes(3), packet());
    await client.readRaw(3073);
    client.write(c2, connectCommand);
    await expectConnected(client);
  });

  it('takes C0, C1, C2 and commands sent at once', async () => {
    const client = await server.open();
    client.write(bytes(3), packet(), new Uint8Array(1536), connectCommand);
    await client.readRaw(3073);
    await expectConnected(client);
  });

  it('takes the bytes one by one', async () => {
    const client = await server.open();
    const all = concat(bytes(3), packet(), new Uint8Array(1536), connectCommand);
    for (const byte of all) await client.writeAll(bytes(byte));
    await client.readRaw(3073);
    await expectConnected(client);
  });

  it.each([1, 2, 7, 100, 1535, 1536, 1537, 1538, 2000, 3072, 3073, 3074, 3100])(
    'takes a cut at byte %i',
    async (at) => {
      const client = await server.open();
      const all = concat(bytes(3), packet(), new Uint8Array(1536), connectCommand);
      await client.writeAll(all.subarray(0, at));
      client.write(all.subarray(at));
      await client.readRaw(3073);
      await expectConnected(client);
    },
  );

  it.each([0, 1, 2, 100, 1536, 1537, 1538, 3072, 3073])('forgets a peer that goes after %i bytes', async (count) => {
    const all = concat(bytes(3), packet(), new Uint8Array(1536));
    const ended = await server.open();
    await ended.writeAll(all.subarray(0, count));
    ended.socket.end();
    await ended.closed;
    const reset = await server.open();
    await reset.writeAll(all.subarray(0, count));
    reset.reset();
    await reset.closed;
    await expectServes(server);
  });
});

const secret = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const playerName = Buffer.from('Genuine Adobe Flash Player 001');
const serverName = Buffer.from('Genuine Adobe Flash Media Server 001');

function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function digestAt(bytesOfPacket: Uint8Array, block: 8 | 772): number {
  const sum = bytesOfPacket.subarray(block, block + 4).reduce((total, byte) => total + byte, 0);
  return block + 4 + (sum % 728);
}

function digestOf(signed: Uint8Array, at: number, key: Uint8Array): Buffer {
  return hmac(key, concat(signed.subarray(0, at), signed.subarray(at + 32)));
}

describe('digest handshake', () => {
  for (const block of [8, 772] as const) {
    // The first four bytes of the block say where the digest is: the first place, the last, and those where the sum wraps.
    for (const sum of [0, 1, 727, 728, 1020]) {
      it(`signs S1 and S2 for a digest in the block at ${block}, sum ${sum}`, async () => {
        const c1 = packet(0x80000702, 5);
        c1.set(
          [0, 1, 2, 3].map((i) => Math.max(0, Math.min(255, sum - 255 * i))),
          block,
        );
        const at = digestAt(c1, block);
        c1.set(digestOf(c1, at, playerName), at);
        const digest = c1.slice(at, at + 32);

        const client = await server.open();
        client.write(bytes(3), c1);
        const answer = await client.readRaw(3073);
        const s1 = answer.subarray(1, 1537);
        const s2 = answer.subarray(1537);
        expect(s1.readUInt32BE(4)).not.toBe(0);
        const places = ([8, 772] as const).filter((candidate) => {
          const place = digestAt(s1, candidate);
          return digestOf(s1, place, serverName).equals(s1.subarray(place, place + 32));
        });
        expect(places).toContain(block);
        const key = hmac(concat(serverName, secret), digest);
        expect(s2.subarray(1504)).toEqual(hmac(key, s2.subarray(0, 1504)));

        const place = digestAt(s1, block);
        const c2 = Buffer.from(pattern(1536, 9));
        const c2Key = hmac(concat(playerName, secret), s1.subarray(place, place + 32));
        c2.set(hmac(c2Key, c2.subarray(0, 1504)), 1504);
        client.write(c2, connectCommand);
        await expectConnected(client);
      });
    }
  }

  it.each([1, 0x80000702, 0x0a002d02, 0xffffffff])('answers version %i without a digest simply', async (version) => {
    const client = await server.open();
    const c1 = packet(version);
    client.write(bytes(3), c1);
    const answer = await client.readRaw(3073);
    expect(answer.subarray(1537 + 8)).toEqual(Buffer.from(c1.subarray(8)));
    client.write(new Uint8Array(1536), connectCommand);
    await expectConnected(client);
  });
});

describe('timeouts', () => {
  let impatient: TestServer;
  beforeAll(async () => {
    impatient = await startTestServer([
      'limits.handshakeTimeoutMs=300',
      'limits.connectTimeoutMs=300',
      'limits.idleTimeoutMs=1000',
    ]);
  });
  afterAll(() => impatient.close());

  it('closes handshakes that stop anywhere', async () => {
    const stopped = [0, 1, 2, 1536, 1537, 3072].map(async (count) => {
      const client = await impatient.open();
      client.write(concat(bytes(3), packet(), new Uint8Array(1536)).subarray(0, count));
      await client.closed;
      return client.bytesReceived;
    });
    expect(await Promise.all(stopped)).toEqual([0, 0, 0, 0, 3073, 3073]);
  });

  it('closes a handshake that goes on too slowly', async () => {
    const client = await impatient.open();
    client.write(bytes(3));
    const drip = setInterval(() => client.write(bytes(0)), 10);
    await client.closed;
    clearInterval(drip);
    expect(client.bytesReceived).toBe(0);
  });

  it('closes when connect does not come, whatever else does', async () => {
    const silent = await impatient.handshaken();
    const busy = await impatient.handshaken();
    await silent.closed;
    const pingForEver = async (): Promise<never> => {
      for (;;) await busy.barrier();
    };
    await expect(pingForEver()).rejects.toThrow('closed');
  });

  it('pings who is silent, closes who stays so, and keeps who answers', async () => {
    const silent = await impatient.connected();
    const answering = await impatient.connected();
    const isPing = ({ type, payload }: { type: number; payload: Uint8Array }) => type === 4 && payload[1] === 6;
    const answerPings = async (): Promise<void> => {
      for (;;) {
        const ping = await answering.nextMessage(isPing);
        answering.sendMessage({ type: 4, payload: concat(bytes(0, 7), ping.payload.subarray(2)) });
      }
    };
    const answers = answerPings().catch(() => undefined);
    await silent.closed;
    expect(silent.received.some(isPing)).toBe(true);
    await answering.barrier();
    expect(answering.received.some(isPing)).toBe(true);
    answering.destroy();
    await answers;
  });
});
