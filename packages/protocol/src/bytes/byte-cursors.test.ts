import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, RtmpRemoteError } from './index.js';

describe('ByteWriter', () => {
  it.each([
    '',
    'onStatus',
    'x'.repeat(64),
    'x'.repeat(65),
    'naïve',
    '\u007f\u0080',
    '房间',
    '🎞 film',
    `${'a'.repeat(63)}é`,
  ])('writes %j as UTF-8', (text) => {
    const writer = new ByteWriter(1);
    writer.writeUint8(7);
    const expected = new Uint8Array(Buffer.from(text, 'utf8'));
    expect(writer.writeUtf8(text)).toBe(expected.length);
    writer.writeUint8(9);
    expect(writer.finish()).toEqual(Uint8Array.of(7, ...expected, 9));
    const reader = new ByteReader(writer.finish());
    reader.skip(1);
    expect(reader.readUtf8(expected.length)).toBe(text);
  });

  it('grows, and keeps what was written', () => {
    const writer = new ByteWriter(2);
    writer.writeUint16(0x0102);
    writer.writeUint24(0x030405);
    writer.writeUint32(0xfffefdfc);
    writer.writeUint32Le(0x01020304);
    writer.writeFloat64(-1.5);
    writer.writeInt16(-2);
    writer.patchUint16(0, 0x0a0b);
    writer.patchUint32(5, 1);
    const reader = new ByteReader(writer.finish());
    expect(reader.readUint16()).toBe(0x0a0b);
    expect(reader.readUint24()).toBe(0x030405);
    expect(reader.readUint32()).toBe(1);
    expect(reader.readUint32Le()).toBe(0x01020304);
    expect(reader.readFloat64()).toBe(-1.5);
    expect(reader.readInt16()).toBe(-2);
    expect(reader.remaining).toBe(0);
  });
});

describe('ByteReader', () => {
  it.each([
    ['readUint8', 0],
    ['readUint16', 1],
    ['readInt16', 1],
    ['readUint24', 2],
    ['readInt24', 2],
    ['readUint32', 3],
    ['readUint32Le', 3],
    ['readFloat64', 7],
  ] as const)('%s past the end throws, and stays where it was', (method, length) => {
    const reader = new ByteReader(new Uint8Array(length));
    expect(() => reader[method]()).toThrow(RtmpRemoteError);
    expect(reader.offset).toBe(0);
  });

  it('reads signed 24-bit numbers, and views without copying', () => {
    const bytes = Uint8Array.of(0xff, 0xff, 0xfe, 1, 2, 3);
    const reader = new ByteReader(bytes);
    expect(reader.readInt24()).toBe(-2);
    const view = reader.readBytes(3);
    expect([view.buffer === bytes.buffer, ...view]).toEqual([true, 1, 2, 3]);
    expect(() => reader.readBytes(1)).toThrow(RtmpRemoteError);
    expect(() => reader.readUtf8(0xffff_ffff)).toThrow(RtmpRemoteError);
  });

  it('reads text that comes again as any other text', () => {
    // Words of one slot and others, known and unknown, ASCII and not, as long as is looked up and longer.
    const texts = ['', 'a', 'ab', 'é', 'ÿþ', '\ufffd', 'naïve', 'videodatarate', 'audiosamplerate', 'audiosamplesize'];
    texts.push('x'.repeat(32), 'x'.repeat(33), `${'x'.repeat(31)}é`, '\0', '\0\0', '房间');
    for (let i = 0; i < 3000; i += 1) texts.push(`name${i * 7919}`);
    for (const text of [...texts, ...texts.reverse()]) {
      const bytes = new Uint8Array(Buffer.from(`-${text}-`, 'utf8'));
      const reader = new ByteReader(bytes, 1);
      expect(reader.readRecurringUtf8(bytes.length - 2)).toBe(text);
      expect(reader.offset).toBe(bytes.length - 1);
    }
    // Bytes that are no UTF-8 are not taken for the characters with their numbers.
    expect(new ByteReader(Uint8Array.of(0xff, 0xfe)).readRecurringUtf8(2)).toBe('\ufffd\ufffd');
    expect(() => new ByteReader(Uint8Array.of(0x61)).readRecurringUtf8(2)).toThrow(RtmpRemoteError);
  });
});
