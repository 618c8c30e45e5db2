import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError } from '../../bytes/index.js';
import type { RawMessage } from '../message/raw-message.js';
import { bytesOf, chunkErrors, chunkVectors } from './chunk.vectors.js';
import { ChunkDecoder } from './chunk-decoder.js';
import type { ChunkLimits } from './chunk-limits.js';

function drain(decoder: ChunkDecoder): RawMessage[] {
  const messages: RawMessage[] = [];
  for (let message = decoder.next(); message !== undefined; message = decoder.next()) messages.push(message);
  return messages;
}

/** Decodes pieces; each is wiped once the decoder asked for more, so that nothing it kept can go unnoticed. */
function decodePieces(pieces: Iterable<Uint8Array>, limits?: Partial<ChunkLimits>): RawMessage[] {
  const decoder = new ChunkDecoder(limits);
  const messages: RawMessage[] = [];
  for (const piece of pieces) {
    const own = new Uint8Array(piece);
    decoder.push(own);
    messages.push(...drain(decoder));
    own.fill(0xee);
  }
  return messages;
}

function* split(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i += 1) {
    const size = sizes.length === 0 ? 1 : (sizes[i % sizes.length] ?? 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 });

describe.each(chunkVectors)('$name ($source)', ({ bytes, messages }) => {
  it('decodes at once', () => {
    expect(decodePieces([bytes])).toEqual(messages);
  });
  it('decodes byte by byte', () => {
    expect(decodePieces(split(bytes, [1]))).toEqual(messages);
  });
  it('decodes in random pieces', () => {
    fc.assert(
      fc.property(sizes, (pieces) => {
        expect(decodePieces(split(bytes, pieces))).toEqual(messages);
      }),
      { numRuns: 20, seed: 1 },
    );
  });
  it('decodes when pushed before the last bytes were read', () => {
    const decoder = new ChunkDecoder();
    const got: RawMessage[] = [];
    for (const piece of split(bytes, [7])) {
      decoder.push(piece);
      const message = decoder.next();
      if (message) got.push(message);
    }
    got.push(...drain(decoder));
    expect(got).toEqual(messages);
    expect(decoder.bytesReceived).toBe(bytes.length);
  });
});

describe.each(chunkErrors)('$name', ({ bytes, code }) => {
  it.each([[[1]], [[bytes.length]]])('is the peer’s fault, in pieces of %j bytes', (pieces) => {
    let thrown: unknown;
    try {
      decodePieces(split(bytes, pieces));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(RtmpRemoteError);
    expect(thrown).toMatchObject({ code, offset: expect.any(Number) });
  });
});

describe('ChunkDecoder', () => {
  it('waits for an extended timestamp that may be there, not for one that cannot', () => {
    const decoder = new ChunkDecoder();
    decoder.push(bytesOf('04 ffffff 000083 09 01000000 01020304 [128*c1] c4 0102'));
    expect(decoder.next()).toBeUndefined();
    decoder.push(bytesOf('0304 c1c1'));
    expect(decoder.next()).toBeUndefined();
    decoder.push(bytesOf('c1'));
    expect(decoder.next()?.payload).toEqual(bytesOf('[131*c1]'));
    // Here the header is complete with its first byte: three bytes of payload end the message.
    decoder.push(bytesOf('04 ffffff 000083 09 01000000 01020304 [128*c1] c4 010203'));
    expect(decoder.next()).toBeUndefined();
    decoder.push(bytesOf('06 000000 000001 09 01000000 aa'));
    expect(drain(decoder).map((raw) => raw.payload)).toEqual([bytesOf('[128*c1] 010203'), bytesOf('aa')]);
  });

  it('throws the same error again', () => {
    const decoder = new ChunkDecoder();
    decoder.push(bytesOf('c4'));
    const first = catchError(() => decoder.next());
    decoder.push(bytesOf('04 000000 000001 09 01000000 aa'));
    expect(catchError(() => decoder.next())).toBe(first);
  });

  it('gives the offset of the chunk at fault', () => {
    const decoder = new ChunkDecoder();
    decoder.push(bytesOf('04 000000 000001 09 01000000 aa c5'));
    decoder.next();
    expect(catchError(() => decoder.next())).toMatchObject({ offset: 13 });
  });

  it('returns payloads that later input does not touch', () => {
    const decoder = new ChunkDecoder();
    const bytes = bytesOf('04 000000 000001 09 01000000 aa c4 bb');
    decoder.push(bytes);
    const [first, second] = drain(decoder);
    bytes.fill(0);
    expect([first?.payload, second?.payload]).toEqual([bytesOf('aa'), bytesOf('bb')]);
  });

  it('limits chunk streams', () => {
    const header = (id: number) => bytesOf(`${id.toString(16).padStart(2, '0')} 000000 000001 09 01000000 aa`);
    expect(decodePieces([header(4), header(5), header(4)], { maxChunkStreams: 2 })).toHaveLength(3);
    expect(catchError(() => decodePieces([header(4), header(5), header(6)], { maxChunkStreams: 2 }))).toMatchObject({
      code: 'ERR_RTMP_CHUNK_STREAMS',
    });
  });

  it('limits the chunk size when told to', () => {
    const bytes = bytesOf('02 000000 000004 01 00000000 00010001');
    expect(decodePieces([bytes], { maxChunkSize: 65_537 })).toHaveLength(1);
    expect(catchError(() => decodePieces([bytes], { maxChunkSize: 65_536 }))).toMatchObject({
      code: 'ERR_RTMP_CHUNK_SIZE',
    });
  });

  it('limits partial messages over all chunk streams, and gives their memory back', () => {
    const limits = { maxPartialBytes: 9000 };
    const start = (id: number) => bytesOf(`0${id} 000000 002000 09 01000000 [128*01]`);
    const abort = (id: number) => bytesOf(`02 000000 000004 02 00000000 0000000${id}`);
    expect(decodePieces([start(3), start(4)], limits)).toEqual([]);
    expect(catchError(() => decodePieces([start(3), start(4), start(5)], { maxPartialBytes: 8200 }))).toMatchObject({
      code: 'ERR_RTMP_PARTIAL_MESSAGES',
    });
    const again = Array.from({ length: 50 }, () => [start(3), abort(3)]).flat();
    expect(decodePieces(again, limits)).toHaveLength(50);
    const whole = bytesOf(`03 000000 002000 09 01000000 [128*01] ${'c3 [128*01] '.repeat(63)}`);
    expect(
      decodePieces(
        Array.from({ length: 20 }, () => whole),
        limits,
      ),
    ).toHaveLength(20);
  });

  it('takes messages up to the very limit of partial memory', () => {
    const whole = bytesOf(`03 000000 002000 09 01000000 [128*01] ${'c3 [128*01] '.repeat(63)}`);
    expect(decodePieces([whole], { maxPartialBytes: 8192 })).toHaveLength(1);
    expect(catchError(() => decodePieces([whole], { maxPartialBytes: 8191 }))).toMatchObject({
      code: 'ERR_RTMP_PARTIAL_MESSAGES',
    });
  });

  it('reserves memory for bytes that came, not for a length that was only claimed', () => {
    const decoder = new ChunkDecoder({ maxPartialBytes: 2 ** 40 });
    const before = process.memoryUsage().arrayBuffers;
    for (let id = 3; id < 63; id += 1) {
      decoder.push(bytesOf(`${id.toString(16).padStart(2, '0')} 000000 800000 09 01000000 [128*01]`));
      expect(decoder.next()).toBeUndefined();
    }
    // 60 × 8 MiB claimed; 60 × 4 KiB reserved.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
  });

  it('survives any mutation of good bytes', () => {
    const good = chunkVectors.map((vector) => vector.bytes);
    const mutation = fc.record({
      parts: fc.array(fc.nat({ max: good.length - 1 }), { minLength: 1, maxLength: 4 }),
      edits: fc.array(fc.tuple(fc.nat({ max: 2000 }), fc.nat({ max: 255 })), { maxLength: 6 }),
      pieces: sizes,
    });
    fc.assert(
      fc.property(mutation, ({ parts, edits, pieces }) => {
        const bytes = Uint8Array.from(parts.flatMap((part) => [...(good[part] ?? [])]));
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        const whole = outcome([bytes]);
        expect(outcome(split(bytes, pieces))).toEqual(whole);
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('survives noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), sizes, (bytes, pieces) => {
        expect(outcome(split(bytes, pieces))).toEqual(outcome([bytes]));
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

/** The messages before the error, if any, and its code; any other exception passes through and fails the test. */
function outcome(pieces: Iterable<Uint8Array>): { messages: RawMessage[]; code: string | undefined } {
  const decoder = new ChunkDecoder({ maxMessageBytes: 100_000, maxPartialBytes: 150_000 });
  const messages: RawMessage[] = [];
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      for (let message = decoder.next(); message !== undefined; message = decoder.next()) messages.push(message);
    }
  } catch (error) {
    if (!(error instanceof RtmpRemoteError)) throw error;
    return { messages, code: error.code };
  }
  return { messages, code: undefined };
}

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
