import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError } from '../../bytes/index.js';
import { ClientHandshake } from './client-handshake.js';
import { ffmpegClientPacket } from './handshake.vectors.js';
import type { HandshakeCrypto } from './handshake-packet.js';
import { ServerHandshake } from './server-handshake.js';

function hmac(key: Uint8Array | string, ...data: Uint8Array[]): Uint8Array {
  const state = createHmac('sha256', key);
  for (const part of data) state.update(part);
  return new Uint8Array(state.digest());
}

/** Random bytes that differ from call to call, and are the same in every run. */
function testCrypto(seed = 1): HandshakeCrypto {
  let state = seed;
  return {
    hmacSha256: (key, data) => hmac(key, data),
    randomBytes: (count) =>
      Uint8Array.from({ length: count }, () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return state >>> 16;
      }),
  };
}

// Written out once more, so that a slip in the code under test cannot hide in the test.
const secret = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const serverName = Buffer.from('Genuine Adobe Flash Media Server 001');
const clientName = Buffer.from('Genuine Adobe Flash Player 001');

function signedAt(packet: Uint8Array, scheme: 8 | 772): number {
  const sum = packet.subarray(scheme, scheme + 4).reduce((total, byte) => total + byte, 0);
  return scheme + 4 + (sum % 728);
}

function digestOf(packet: Uint8Array, at: number, name: Uint8Array): Uint8Array {
  return hmac(name, packet.subarray(0, at), packet.subarray(at + 32));
}

function signed(packet: Uint8Array, scheme: 8 | 772, name: Uint8Array): Uint8Array {
  const at = signedAt(packet, scheme);
  packet.set(digestOf(packet, at, name), at);
  return packet;
}

function packetOf(time: number, version: number, seed = 7): Uint8Array {
  const packet = new Uint8Array(1536);
  const view = new DataView(packet.buffer);
  packet.set(testCrypto(seed).randomBytes(1528), 8);
  view.setUint32(0, time);
  view.setUint32(4, version);
  return packet;
}

function concat(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function server(nowMs = 1000): ServerHandshake {
  return new ServerHandshake({ crypto: testCrypto(), nowMs });
}

function client(kind: 'simple' | 'digest', nowMs = 5000): ClientHandshake {
  return new ClientHandshake({ crypto: testCrypto(2), nowMs, kind });
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

function takeAll(side: { takeOutput(): Uint8Array | undefined }): Uint8Array {
  const output = side.takeOutput();
  expect(output).toBeDefined();
  expect(side.takeOutput()).toBeUndefined();
  return output ?? new Uint8Array(0);
}

describe('ServerHandshake', () => {
  it('answers a simple C1 with the version, its own packet and the echo [RTMP §5.2]', () => {
    const handshake = server(0x1_0000_1000);
    const packet = packetOf(77, 0);
    handshake.receive(concat([3], packet), 0x1_0000_2000);
    const output = takeAll(handshake);
    expect(output).toHaveLength(3073);
    expect(output[0]).toBe(3);
    expect(uint32(output, 1)).toBe(0x1000);
    expect(uint32(output, 5)).toBe(0);
    const echo = output.subarray(1537);
    expect(uint32(echo, 0)).toBe(77);
    expect(uint32(echo, 4)).toBe(0x2000);
    expect(echo.subarray(8)).toEqual(packet.subarray(8));
    expect(handshake).toMatchObject({ kind: 'simple', done: false });
  });

  it.each([8, 772] as const)('answers a digest at %i with digests of its own', (scheme) => {
    const packet = signed(packetOf(0, 0x80000702), scheme, clientName);
    const handshake = server();
    handshake.receive(concat([3], packet));
    expect(handshake.kind).toBe('digest');
    const output = takeAll(handshake);
    const serverPacket = output.subarray(1, 1537);
    expect(uint32(serverPacket, 4)).not.toBe(0);
    const at = signedAt(serverPacket, scheme);
    expect(serverPacket.subarray(at, at + 32)).toEqual(digestOf(serverPacket, at, serverName));
    const echo = output.subarray(1537);
    const clientDigest = packet.subarray(signedAt(packet, scheme), signedAt(packet, scheme) + 32);
    const key = hmac(concat(serverName, secret), clientDigest);
    expect(echo.subarray(1504)).toEqual(hmac(key, echo.subarray(0, 1504)));
  });

  it('finds the digest of ffmpeg', () => {
    const handshake = server();
    handshake.receive(concat([3], Buffer.from(ffmpegClientPacket, 'base64')));
    expect(handshake.kind).toBe('digest');
  });

  it('takes a C1 with a version but no digest for simple, whatever its bytes', () => {
    const broken = Uint8Array.from(Buffer.from(ffmpegClientPacket, 'base64'));
    broken[1535] = (broken[1535] ?? 0) ^ 1;
    for (const packet of [packetOf(0, 0x0a002d02), broken, new Uint8Array(1536).fill(255)]) {
      const handshake = server();
      handshake.receive(concat([3], packet));
      expect(handshake.kind).toBe('simple');
      expect(uint32(takeAll(handshake), 5)).toBe(0);
    }
  });

  it('takes any C2, and gives back what follows it', () => {
    const handshake = server();
    handshake.receive(concat([3], packetOf(0, 0)));
    handshake.receive(new Uint8Array(1535));
    expect(handshake.done).toBe(false);
    expect(handshake.takeRemainder()).toHaveLength(0);
    handshake.receive(Uint8Array.of(9, 2, 0, 1));
    expect(handshake.done).toBe(true);
    handshake.receive(Uint8Array.of(5));
    expect(handshake.takeRemainder()).toEqual(Uint8Array.of(2, 0, 1, 5));
    expect(handshake.takeRemainder()).toHaveLength(0);
  });

  it.each([0, 2, 4, 6, 8, 9, 31])('answers version %i with 3 [RTMP §5.2.2]', (version) => {
    const handshake = server();
    handshake.receive(concat([version], packetOf(0, 0)));
    expect(takeAll(handshake)[0]).toBe(3);
  });

  it.each([
    [32, 'ERR_RTMP_HANDSHAKE_VERSION'],
    [0x47, 'ERR_RTMP_HANDSHAKE_VERSION'],
    [255, 'ERR_RTMP_HANDSHAKE_VERSION'],
  ])('refuses version %i at its first byte, and ever after', (version, code) => {
    const handshake = server();
    const error = catchError(() => handshake.receive(Uint8Array.of(version)));
    expect(error).toBeInstanceOf(RtmpRemoteError);
    expect(error).toMatchObject({ code });
    expect(catchError(() => handshake.receive(Uint8Array.of(3)))).toBe(error);
    expect(handshake.takeOutput()).toBeUndefined();
  });

  it('gives the same answer however the bytes are split', () => {
    const input = concat([3], Buffer.from(ffmpegClientPacket, 'base64'), packetOf(1, 2), [1, 2, 3]);
    const run = (sizes: readonly number[]) => {
      const handshake = server();
      const outputs: number[] = [];
      for (let at = 0, i = 0; at < input.length; i += 1) {
        const size = sizes[i % sizes.length] ?? 1;
        handshake.receive(input.slice(at, at + size));
        outputs.push(...(handshake.takeOutput() ?? []));
        at += size;
      }
      return { outputs, done: handshake.done, rest: handshake.takeRemainder() };
    };
    const whole = run([input.length]);
    expect(whole).toMatchObject({ done: true, rest: Uint8Array.of(1, 2, 3) });
    expect(whole.outputs).toHaveLength(3073);
    expect(run([1])).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1600 }), { minLength: 1, maxLength: 6 }), (sizes) => {
        expect(run(sizes)).toEqual(whole);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('survives mutations and noise', () => {
    const good = concat([3], Buffer.from(ffmpegClientPacket, 'base64'), packetOf(1, 2));
    const edits = fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { maxLength: 5 });
    fc.assert(
      fc.property(edits, fc.uint8Array({ maxLength: 40 }), (changes, noise) => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        for (const input of [bytes, noise]) {
          const error = catchError(() => server().receive(input));
          if (error !== undefined) expect(error).toBeInstanceOf(RtmpRemoteError);
        }
      }),
      { numRuns: 100, seed: 2 },
    );
  });
});

describe('ClientHandshake', () => {
  it('sends C0 and C1 at once, C2 after S1, and is done after S2', () => {
    const handshake = client('simple', 0x1_0000_0007);
    const first = takeAll(handshake);
    expect(first).toHaveLength(1537);
    expect([first[0], uint32(first, 1), uint32(first, 5)]).toEqual([3, 7, 0]);
    const serverPacket = packetOf(42, 0x03050101);
    handshake.receive(concat([3], serverPacket), 0x1_0000_0009);
    const echo = takeAll(handshake);
    expect([uint32(echo, 0), uint32(echo, 4)]).toEqual([42, 9]);
    expect(echo.subarray(8)).toEqual(serverPacket.subarray(8));
    expect(handshake).toMatchObject({ kind: 'simple', done: false });
    handshake.receive(new Uint8Array(1537).fill(6));
    expect(handshake.done).toBe(true);
    expect(handshake.takeRemainder()).toEqual(Uint8Array.of(6));
  });

  it('signs C1, and C2 when the server signed S1', () => {
    for (const scheme of [8, 772] as const) {
      const handshake = client('digest');
      const packet = takeAll(handshake).subarray(1);
      expect(uint32(packet, 4)).not.toBe(0);
      const at = signedAt(packet, 8);
      expect(packet.subarray(at, at + 32)).toEqual(digestOf(packet, at, clientName));
      const serverPacket = signed(packetOf(42, 0x03050101), scheme, serverName);
      handshake.receive(concat([3], serverPacket));
      expect(handshake.kind).toBe('digest');
      const echo = takeAll(handshake);
      const serverDigest = serverPacket.subarray(signedAt(serverPacket, scheme), signedAt(serverPacket, scheme) + 32);
      const key = hmac(concat(clientName, secret), serverDigest);
      expect(echo.subarray(1504)).toEqual(hmac(key, echo.subarray(0, 1504)));
    }
  });

  it('goes on as simple when the server did not sign', () => {
    for (const version of [0, 0x03050101]) {
      const handshake = client('digest');
      takeAll(handshake);
      const serverPacket = packetOf(42, version);
      handshake.receive(concat([3], serverPacket));
      expect(handshake.kind).toBe('simple');
      expect(takeAll(handshake).subarray(8)).toEqual(serverPacket.subarray(8));
    }
  });

  it('keeps C0, C1 and C2 in order when they are taken late', () => {
    const handshake = client('simple');
    handshake.receive(concat([3], packetOf(0, 0)));
    expect(takeAll(handshake)).toHaveLength(1 + 2 * 1536);
  });

  it.each([0, 6, 0x48])('refuses a server of version %i', (version) => {
    const handshake = client('simple');
    const error = catchError(() => handshake.receive(Uint8Array.of(version)));
    expect(error).toMatchObject({ name: 'RtmpRemoteError', code: 'ERR_RTMP_HANDSHAKE_VERSION' });
    expect(catchError(() => handshake.receive(Uint8Array.of(3)))).toBe(error);
  });

  it.each(['simple', 'digest'] as const)('agrees with our server: %s, byte by byte', (kind) => {
    const near = client(kind);
    const far = server();
    const pass = (from: typeof near | typeof far, to: typeof near | typeof far) => {
      for (const byte of from.takeOutput() ?? []) to.receive(Uint8Array.of(byte));
    };
    for (let i = 0; i < 2; i += 1) {
      pass(near, far);
      pass(far, near);
    }
    expect([near.kind, far.kind, near.done, far.done]).toEqual([kind, kind, true, true]);
    expect([near.takeRemainder(), far.takeRemainder()]).toEqual([new Uint8Array(0), new Uint8Array(0)]);
  });
});
