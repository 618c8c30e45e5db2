import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter, RtmpUsageError } from '../../bytes/index.js';
import type { RawMessage } from '../message/raw-message.js';
import { bytesOf, chunkVectors, message } from './chunk.vectors.js';
import { ChunkDecoder } from './chunk-decoder.js';
import { ChunkEncoder } from './chunk-encoder.js';
import { encodedMessageLength, writeMessage } from './write-message.js';

function decodeAll(bytes: Uint8Array): RawMessage[] {
  const decoder = new ChunkDecoder();
  decoder.push(bytes);
  const messages: RawMessage[] = [];
  for (let next = decoder.next(); next !== undefined; next = decoder.next()) messages.push(next);
  return messages;
}

const someTimestamp = fc.oneof(
  fc.nat({ max: 100 }),
  fc.nat({ max: 0xffffffff }),
  fc.constantFrom(0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff),
);
const someMessage = fc.record({
  messageTypeId: fc.constantFrom(4, 8, 9, 18, 20),
  timestamp: someTimestamp,
  messageStreamId: fc.constantFrom(0, 1, 1, 1, 0xfedcba98),
  payload: fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 700, size: 'max' })),
});
const someChunkStreamId = fc.constantFrom(2, 3, 63, 64, 319, 320, 65_599);

describe('ChunkEncoder', () => {
  it.each(chunkVectors.filter((vector) => vector.encodesAs !== undefined))('writes: $name', (vector) => {
    const encoder = new ChunkEncoder();
    const writer = new ByteWriter();
    vector.messages.forEach((raw, i) => {
      encoder.encode(vector.encodesAs?.[i] ?? 0, raw, writer);
    });
    expect(writer.finish()).toEqual(vector.bytes);
  });

  it('uses type 3 for a message only where all receivers know the delta', () => {
    const encoder = new ChunkEncoder();
    const writer = new ByteWriter();
    for (const timestamp of [20, 40, 60, 60, 60]) encoder.encode(4, message(8, timestamp, 1, 'aa'), writer);
    // The specification would allow type 3 for the second one; nginx-rtmp would read it as 20.
    expect(writer.finish()).toEqual(bytesOf('04 000014 000001 08 01000000 aa 84 000014 aa c4 aa 84 000000 aa c4 aa'));
  });

  it('writes full headers for another message stream and for deltas that need 32 bits', () => {
    const encoder = new ChunkEncoder();
    const writer = new ByteWriter();
    encoder.encode(4, message(8, 0, 1, 'aa'), writer);
    encoder.encode(4, message(8, 0, 2, 'aa'), writer);
    encoder.encode(4, message(8, 0xffffff, 2, 'aa'), writer);
    encoder.encode(4, message(8, 0xffffff, 2, 'aa'), writer);
    expect(writer.finish()).toEqual(
      bytesOf(`
        04 000000 000001 08 01000000 aa
        04 000000 000001 08 02000000 aa
        04 ffffff 000001 08 02000000 00ffffff aa
        84 000000 aa`),
    );
  });

  it('is undone by the decoder, with chunk sizes changing on the way', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(someChunkStreamId, someMessage) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 1000 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const encoder = new ChunkEncoder();
        const writer = new ByteWriter();
        const sent: RawMessage[] = [];
        for (const item of steps) {
          if (typeof item === 'number') {
            const setChunkSize = message(1, 0, 0, item.toString(16).padStart(8, '0'));
            encoder.encode(2, setChunkSize, writer);
            encoder.chunkSize = item;
            sent.push(setChunkSize);
          } else {
            encoder.encode(item[0], item[1], writer);
            sent.push(item[1]);
          }
        }
        expect(decodeAll(writer.finish())).toEqual(sent);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('is undone by the decoder when chunk streams are interleaved chunk by chunk', () => {
    const streams = fc.uniqueArray(someChunkStreamId, { minLength: 2, maxLength: 4 });
    const order = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(streams, fc.array(someMessage, { minLength: 4, maxLength: 12 }), order, (ids, messages, turns) => {
        const queues = ids.map((id, i) => {
          const own = messages.filter((_, at) => at % ids.length === i);
          const encoder = new ChunkEncoder();
          return { own, chunks: own.flatMap((raw) => chunksOf(encoder, id, raw)) };
        });
        const writer = new ByteWriter();
        for (let i = 0; ; i += 1) {
          const waiting = queues.filter((queue) => queue.chunks.length > 0);
          const chunk = waiting[(turns[i % turns.length] ?? 0) % waiting.length]?.chunks.shift();
          if (chunk === undefined) break;
          writer.writeBytes(chunk);
        }
        const key = (raw: RawMessage) =>
          JSON.stringify([raw.messageTypeId, raw.timestamp, raw.messageStreamId, [...raw.payload]]);
        expect(decodeAll(writer.finish()).map(key).sort()).toEqual(
          queues
            .flatMap((queue) => queue.own)
            .map(key)
            .sort(),
        );
      }),
      { numRuns: 60, seed: 2 },
    );
  });

  it('refuses what no header can carry', () => {
    const encoder = new ChunkEncoder();
    const writer = new ByteWriter();
    expect(() => encoder.encode(1, message(8, 0, 0, ''), writer)).toThrow(RtmpUsageError);
    expect(() => encoder.encode(65_600, message(8, 0, 0, ''), writer)).toThrow(RtmpUsageError);
    expect(() => encoder.encode(4, message(256, 0, 0, ''), writer)).toThrow(RtmpUsageError);
    expect(() => encoder.encode(4, message(8, 0, -1, ''), writer)).toThrow(RtmpUsageError);
    expect(() => encoder.encode(4, { ...message(8, 0, 0, ''), payload: new Uint8Array(1 << 24) }, writer)).toThrow(
      RtmpUsageError,
    );
    for (const size of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
      expect(() => {
        encoder.chunkSize = size;
      }).toThrow(RtmpUsageError);
    }
    expect(writer.length).toBe(0);
    expect(encoder.chunkSize).toBe(128);
  });
});

/** One message's chunks apart: each begins where the payload so far ends. */
function chunksOf(encoder: ChunkEncoder, chunkStreamId: number, raw: RawMessage): Uint8Array[] {
  const writer = new ByteWriter();
  encoder.encode(chunkStreamId, raw, writer);
  const bytes = writer.finish().slice();
  const basic = chunkStreamId < 64 ? 1 : chunkStreamId < 320 ? 2 : 3;
  const count = Math.max(1, Math.ceil(raw.payload.length / 128));
  const lastPayload = raw.payload.length - (count - 1) * 128;
  // Only the first chunk differs in header length: measured from the end.
  const extended = count > 1 ? continuationExtension(bytes, raw, basic, count) : 0;
  const later = basic + extended + 128;
  const chunks: Uint8Array[] = [];
  let end = bytes.length;
  for (let i = count - 1; i > 0; i -= 1) {
    const length = i === count - 1 ? basic + extended + lastPayload : later;
    chunks.unshift(bytes.subarray(end - length, end));
    end -= length;
  }
  chunks.unshift(bytes.subarray(0, end));
  return chunks;
}

function continuationExtension(bytes: Uint8Array, raw: RawMessage, basic: number, count: number): 0 | 4 {
  const isType0 = (bytes[0] ?? 0) >>> 6 === 0;
  if (!isType0) return 0;
  return bytes.length === basic + 11 + 4 + raw.payload.length + (count - 1) * (basic + 4) ? 4 : 0;
}

describe('writeMessage', () => {
  it('writes one decodable message of exactly the announced length, at any place', () => {
    fc.assert(
      fc.property(
        someChunkStreamId,
        someMessage,
        fc.integer({ min: 1, max: 300 }),
        fc.nat({ max: 5 }),
        (id, raw, chunkSize, offset) => {
          const length = encodedMessageLength(raw.payload.length, raw.timestamp, id, chunkSize);
          const target = new Uint8Array(offset + length + 3).fill(0x55);
          const end = writeMessage(
            target,
            offset,
            id,
            raw.messageTypeId,
            raw.timestamp,
            raw.messageStreamId,
            raw.payload,
            chunkSize,
          );
          expect(end).toBe(offset + length);
          expect([...target.subarray(0, offset), ...target.subarray(end)].every((byte) => byte === 0x55)).toBe(true);
          const decoder = new ChunkDecoder();
          decoder.push(bytesOf(`02 000000 000004 01 00000000 ${chunkSize.toString(16).padStart(8, '0')}`));
          decoder.next();
          decoder.push(target.subarray(offset, end));
          expect(decoder.next()).toEqual(raw);
          expect(decoder.next()).toBeUndefined();
        },
      ),
      { numRuns: 150, seed: 3 },
    );
  });

  it('writes what the encoder writes first on a chunk stream', () => {
    fc.assert(
      fc.property(someChunkStreamId, someMessage, (id, raw) => {
        const writer = new ByteWriter();
        new ChunkEncoder().encode(id, raw, writer);
        const target = new Uint8Array(encodedMessageLength(raw.payload.length, raw.timestamp, id, 128));
        writeMessage(target, 0, id, raw.messageTypeId, raw.timestamp, raw.messageStreamId, raw.payload, 128);
        expect(target).toEqual(writer.finish());
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  it('refuses a target too short, and touches nothing', () => {
    const target = new Uint8Array(12);
    expect(() => writeMessage(target, 0, 4, 8, 0, 1, new Uint8Array(1).fill(9), 128)).toThrow(RtmpUsageError);
    expect(target).toEqual(new Uint8Array(12));
    expect(() => encodedMessageLength(1, 0, 1, 128)).toThrow(RtmpUsageError);
    expect(() => encodedMessageLength(1, 0, 2, 0)).toThrow(RtmpUsageError);
  });
});
