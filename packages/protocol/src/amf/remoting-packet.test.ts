import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { fromHex } from './amf0.vectors.js';
import {
  Amf3Value,
  AmfObject,
  AmfPacketEncoder,
  type AmfPacketInput,
  type AmfValue,
  decodeAmfPacket,
  encodeAmfPacket,
} from './index.js';
import { amfPacketVectors, hostileAmfPackets } from './remoting-packet.vectors.js';

const seeded = { seed: 4_1010, numRuns: 200 };

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof RtmpRemoteError || error instanceof RtmpUsageError) return error.code;
    throw error;
  }
  return 'none';
}

function packetOf(value: AmfPacketInput['messages'][number]['value'], count = 1): AmfPacketInput {
  const message = { targetUri: 'a', responseUri: '/1', value };
  return { version: 0, messages: Array.from({ length: count }, () => message) };
}

describe('AMF packets', () => {
  it.each(amfPacketVectors)('decode: $name', ({ hex, packet }) => {
    expect(decodeAmfPacket(fromHex(hex))).toStrictEqual(packet);
  });

  const encodable = amfPacketVectors.filter((vector) => !('encodedHex' in vector) || vector.encodedHex !== undefined);
  it.each(encodable)('encode: $name', ({ hex, encodedHex, packet }) => {
    expect(encodeAmfPacket(packet)).toEqual(fromHex(encodedHex ?? hex));
  });

  it.each(amfPacketVectors)('cut off anywhere: $name', ({ hex }) => {
    const bytes = fromHex(hex);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(codeOf(() => decodeAmfPacket(bytes.subarray(0, length)))).toMatch(/^ERR_AMF(0|3|_PACKET)_TRUNCATED$/);
    }
  });

  it('are views of nothing', () => {
    const bytes = encodeAmfPacket({ ...packetOf(new Amf3Value(Uint8Array.of(1, 2))), version: 3 });
    const { messages } = decodeAmfPacket(bytes);
    bytes.fill(0);
    expect(messages[0]?.value).toEqual(Uint8Array.of(1, 2));
  });

  it('are decoded where they stand in a larger buffer', () => {
    const bytes = encodeAmfPacket(packetOf(['text']));
    const larger = new Uint8Array(bytes.length + 20);
    larger.set(bytes, 10);
    expect(decodeAmfPacket(larger.subarray(10, 10 + bytes.length)).messages[0]?.value).toEqual(['text']);
  });

  it('share one budget of values', () => {
    const bytes = encodeAmfPacket(packetOf(new Amf3Value([1, 2, 3]), 5));
    expect(decodeAmfPacket(bytes, { maxElements: 20 }).messages).toHaveLength(5);
    expect(codeOf(() => decodeAmfPacket(bytes, { maxElements: 19 }))).toBe('ERR_AMF3_TOO_MANY_ELEMENTS');
  });

  it.each([
    [{ maxMessages: 2 }, 'ERR_AMF_PACKET_TOO_MANY_MESSAGES'],
    [{ maxBytes: 10 }, 'ERR_AMF_PACKET_TOO_LARGE'],
    [{ maxDepth: 0 }, 'ERR_AMF0_TOO_DEEP'],
    [{ maxMessages: 0.5 }, 'ERR_AMF_LIMIT'],
    [{ maxHeaders: -1 }, 'ERR_AMF_LIMIT'],
    [{ maxElements: -1 }, 'ERR_AMF_LIMIT'],
  ])('keep to %j', (limits, code) => {
    const bytes = encodeAmfPacket(packetOf([], 3));
    expect(decodeAmfPacket(bytes).messages).toHaveLength(3);
    expect(codeOf(() => decodeAmfPacket(bytes, limits))).toBe(code);
  });
});

describe('AmfPacketEncoder', () => {
  it('adds nothing where a value cannot be written', () => {
    const encoder = new AmfPacketEncoder(0);
    encoder.addMessage('a', '/1', 1);
    expect(codeOf(() => encoder.addMessage('b', '/2', Uint8Array.of(1)))).toBe('ERR_AMF0_NOT_ENCODABLE');
    encoder.addMessage('c', '/3', 3);
    expect(decodeAmfPacket(encoder.finish()).messages.map(({ targetUri }) => targetUri)).toEqual(['a', 'c']);
  });

  it('bounds the whole, not only each value', () => {
    const text = 'x'.repeat(1024 * 1024);
    const encoder = new AmfPacketEncoder(0);
    for (let i = 0; i < 63; i += 1) encoder.addMessage('a', '/1', text);
    expect(codeOf(() => encoder.addMessage('a', '/1', text))).toBe('ERR_AMF_PACKET_TOO_LARGE');
  });

  it.each([-1, 0x1_0000, 0.5])('refuses version %d', (version) => {
    expect(codeOf(() => new AmfPacketEncoder(version))).toBe('ERR_AMF_PACKET_NOT_ENCODABLE');
  });

  it('refuses names over 65,535 bytes', () => {
    const name = 'é'.repeat(32_768);
    expect(codeOf(() => new AmfPacketEncoder(0).addHeader(name, null))).toBe('ERR_AMF_PACKET_NOT_ENCODABLE');
    expect(codeOf(() => new AmfPacketEncoder(0).addMessage('a', name, null))).toBe('ERR_AMF_PACKET_NOT_ENCODABLE');
  });
});

describe('hostile packets', () => {
  it.each(hostileAmfPackets)('refuses: $name', ({ hex, code, offset }) => {
    let error: unknown;
    try {
      decodeAmfPacket(fromHex(hex));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RtmpRemoteError);
    expect(error).toMatchObject({ code, offset });
  });

  it('any bytes give a packet that encodes again, or an RtmpRemoteError of AMF', () => {
    const known = [...amfPacketVectors, ...hostileAmfPackets].map(({ hex }) => fromHex(hex));
    const changes = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat({ max: 0x12 }), fc.nat({ max: 0xff }))), {
      maxLength: 6,
    });
    const mutated = fc.tuple(fc.constantFrom(...known), changes, fc.nat()).map(([original, edits, cut]) => {
      const bytes = original.slice();
      for (const [at, byte] of edits) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes.subarray(0, bytes.length - (cut % 4 === 0 ? cut % (bytes.length + 1) : 0));
    });
    const packets = fc.property(fc.oneof(mutated, mutated, mutated, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      let packet: ReturnType<typeof decodeAmfPacket>;
      try {
        packet = decodeAmfPacket(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RtmpRemoteError);
        const { code, offset = 0 } = error as RtmpRemoteError;
        expect(code).toMatch(/^ERR_AMF(0|3|_PACKET)_/);
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThanOrEqual(bytes.length);
        return;
      }
      const inAmf3 = {
        version: packet.version,
        headers: packet.headers.map((header) => ({ ...header, value: new Amf3Value(header.value) })),
        messages: packet.messages.map((message) => ({ ...message, value: new Amf3Value(message.value) })),
      };
      const canonical = decodeAmfPacket(encodeAmfPacket(inAmf3));
      expect(canonical.messages.map(({ targetUri }) => targetUri)).toEqual(
        packet.messages.map(({ targetUri }) => targetUri),
      );
    });
    fc.assert(packets, { ...seeded, numRuns: 4000 });
  });

  it('many messages of many empty objects end at the budget', () => {
    const objects: AmfValue[] = Array.from({ length: 1000 }, () => new AmfObject());
    const bytes = encodeAmfPacket(packetOf(objects, 256));
    expect(codeOf(() => decodeAmfPacket(bytes))).toBe('ERR_AMF0_TOO_MANY_ELEMENTS');
  });
});
