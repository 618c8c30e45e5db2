import { messageTypes, type RawMessage } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { EncodedLog } from './encoded-log.js';
import type { LiveMessage } from './live-message.js';
import { MessageLog } from './message-log.js';
import { chunkedEncoding, flvEncoding, rtmpEncoding, type WireEncoding } from './wire-encoding.js';

const both = { audio: true, video: true };

function message(messageTypeId: number, timestamp: number, length: number): RawMessage {
  return { messageTypeId, timestamp, messageStreamId: 0, payload: new Uint8Array(length).fill(timestamp & 0xff) };
}

function logOf(messages: readonly RawMessage[]): MessageLog {
  const log = new MessageLog();
  for (const each of messages) log.append({ message: each, arrivedMs: 0 });
  return log;
}

function encodeOneByOne(encoding: WireEncoding, messages: readonly RawMessage[]): Buffer {
  return Buffer.concat(
    messages.map((each) => {
      const bytes = Buffer.alloc(encoding.encodedLength(each));
      if (bytes.length > 0) expect(encoding.write(bytes, 0, each)).toBe(bytes.length);
      return bytes;
    }),
  );
}

const mixed = [
  message(messageTypes.dataAmf0, 0, 40),
  message(messageTypes.video, 0, 70_000),
  message(messageTypes.audio, 5, 300),
  message(messageTypes.video, 33, 200_000),
  message(messageTypes.audio, 40, 0),
  message(messageTypes.video, 0x1_000_0000, 400_000),
  message(messageTypes.audio, 0x1_000_0010, 12),
  { ...message(messageTypes.dataAmf3, 0, 50), amf0: new Uint8Array(70).fill(9) },
  message(messageTypes.dataAmf3, 0, 60),
];

describe.each([
  ['rtmp', rtmpEncoding(1, 60_000, both)],
  ['rtmp with AMF3', rtmpEncoding(1, 60_000, both, 3)],
  ['rtmp without video', rtmpEncoding(3, 4096, { audio: true, video: false })],
  ['flv', flvEncoding(both)],
  ['flv without audio', flvEncoding({ audio: false, video: true })],
  ['flv in chunks', chunkedEncoding(flvEncoding(both))],
])('%s log', (_name, encoding) => {
  it('gives for every range the bytes of its messages, across slabs and huge messages', () => {
    const log = new EncodedLog(encoding, logOf(mixed), 0);
    log.catchUp();
    for (let from = 0; from <= mixed.length; from += 1) {
      for (let to = from; to <= mixed.length; to += 1) {
        const expected = encodeOneByOne(encoding, mixed.slice(from, to));
        expect(Buffer.concat(log.views(from, to)).equals(expected), `${from}…${to}`).toBe(true);
      }
    }
  });

  it('still gives the rest after the front was dropped', () => {
    const log = new EncodedLog(encoding, logOf(mixed), 0);
    log.catchUp();
    for (let first = 1; first <= mixed.length; first += 1) {
      log.dropBefore(first);
      expect(log.first).toBe(first);
      const expected = encodeOneByOne(encoding, mixed.slice(first));
      expect(Buffer.concat(log.views(first, mixed.length)).equals(expected)).toBe(true);
    }
  });
});

describe('EncodedLog', () => {
  it('may begin in the middle of the message log', () => {
    const encoding = rtmpEncoding(1, 60_000, both);
    const log = new EncodedLog(encoding, logOf(mixed), 3);
    log.catchUp();
    expect(log.next).toBe(mixed.length);
    expect(Buffer.concat(log.views(3, mixed.length)).equals(encodeOneByOne(encoding, mixed.slice(3)))).toBe(true);
  });

  it('cuts a range at the byte limit, but never to nothing', () => {
    const log = new EncodedLog(flvEncoding(both), logOf(mixed), 0);
    log.catchUp();
    expect(log.endWithin(0, 1)).toBe(1);
    expect(log.endWithin(0, 40 + 15 + 70_015)).toBe(2);
    expect(log.endWithin(1, 10_000_000)).toBe(mixed.length);
  });
});

describe('MessageLog', () => {
  it('keeps sequence numbers while the oldest are dropped', () => {
    const log = new MessageLog();
    for (let i = 0; i < 2000; i += 1) {
      expect(log.append({ message: message(messageTypes.audio, i, 3), arrivedMs: i })).toBe(i);
      if (i >= 10) log.dropOldest();
    }
    expect([log.first, log.next]).toEqual([1990, 2000]);
    expect(log.at(1989)).toBeUndefined();
    expect(log.at(1990)?.message.timestamp).toBe(1990);
    expect(log.at(2000)).toBeUndefined();
    while (log.first < log.next) log.dropOldest();
    expect(log.bytes).toBe(0);
  });
});

describe('data', () => {
  const amf0 = message(messageTypes.dataAmf0, 7, 3);
  const amf3 = { ...message(messageTypes.dataAmf3, 8, 4), amf0: Uint8Array.of(1) };
  const onlyAmf3 = message(messageTypes.dataAmf3, 9, 5);

  /** Type and payload, behind a chunk header of 12 bytes. */
  function rtmp(objectEncoding: 0 | 3, messages: readonly LiveMessage[]): (readonly [number, ...number[]] | [])[] {
    const encoding = rtmpEncoding(1, 60_000, both, objectEncoding);
    return messages.map((each) => {
      const bytes = encodeOneByOne(encoding, [each]);
      return bytes.length === 0 ? [] : [bytes.readUInt8(7), ...bytes.subarray(12)];
    });
  }

  it('is of type 15 with a format byte for object encoding 3, and of type 18 in AMF0 for 0', () => {
    expect(rtmp(3, [amf0, amf3, onlyAmf3])).toEqual([
      [15, 0, 7, 7, 7],
      [15, 8, 8, 8, 8],
      [15, 9, 9, 9, 9, 9],
    ]);
    expect(rtmp(0, [amf0, amf3, onlyAmf3])).toEqual([[18, 7, 7, 7], [18, 1], []]);
    expect(rtmpEncoding(1, 60_000, both, 3).key).not.toBe(rtmpEncoding(1, 60_000, both).key);
  });

  it('is AMF0 in FLV', () => {
    const bytes = encodeOneByOne(flvEncoding(both), [amf3, onlyAmf3]);
    expect(bytes).toHaveLength(11 + 1 + 4);
    expect([bytes[0], bytes[11]]).toEqual([18, 1]);
  });

  it('of the greatest length that a message can have has no room for the format byte', () => {
    const longest = { ...amf0, payload: new Uint8Array(0xff_ffff) };
    expect(rtmpEncoding(1, 60_000, both, 3).encodedLength(longest)).toBe(0);
    expect(rtmpEncoding(1, 60_000, both).encodedLength(longest)).toBeGreaterThan(0xff_ffff);
  });

  it('counts for the memory of the log in both its forms', () => {
    const log = logOf([onlyAmf3]);
    const before = log.bytes;
    log.append({ message: { ...onlyAmf3, amf0: new Uint8Array(1000) }, arrivedMs: 0 });
    expect(log.bytes).toBe(2 * before + 1000);
    log.dropOldest();
    log.dropOldest();
    expect(log.bytes).toBe(0);
  });
});
