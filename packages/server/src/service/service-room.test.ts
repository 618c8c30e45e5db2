import { decodeAmf0, formatServiceHeader, type RtmpRemoteError, type ServiceHeader } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { ChunkReader } from '../../test/wire/chunk-reader.js';
import { DuplicateWindow } from './duplicate-window.js';
import { encodeServiceMessage, type MemberFormat } from './service-encoding.js';
import type { MemberSink } from './service-member.js';
import { type RoomLimits, ServiceRoom } from './service-room.js';
import { TokenBucket } from './token-bucket.js';
import { UserRates } from './user-rates.js';

const limits: RoomLimits = {
  member: { queue: { maxMessages: 4, maxBytes: 10_000 }, timeoutMs: 1000, stallTimeoutMs: 5000 },
  duplicates: { maxMessages: 10, maxAgeMs: 1000 },
  messagesPerSecond: 100,
  danmuPerSecond: 0,
  history: 2,
};

/** A member's connection, which takes what it is given only when it is told to. */
class FakeSink implements MemberSink {
  pendingBytes = 0;
  /** It takes nothing: what is written stays pending. */
  isStalled = false;
  writes = 0;
  readonly refusals: string[] = [];
  error: RtmpRemoteError | undefined;
  readonly #reader = new ChunkReader();
  readonly #messages: unknown[] = [];

  write(bytes: Uint8Array): void {
    this.writes += 1;
    if (this.isStalled) this.pendingBytes += bytes.length;
    for (const { payload, type } of this.#reader.push(Buffer.from(bytes))) {
      this.#messages.push(decodeAmf0(type === 17 ? payload.subarray(1) : payload)[3]);
    }
  }

  refuse(description: string): void {
    this.refusals.push(description);
  }

  close(error: RtmpRemoteError): void {
    this.error = error;
  }

  failed(err: unknown): void {
    throw err;
  }

  get contents(): readonly unknown[] {
    return this.#messages;
  }
}

function header(changes: Partial<ServiceHeader> = {}): ServiceHeader {
  return {
    version: 0,
    transimitType: 'broadcast',
    serviceType: 9,
    priority: 4,
    abandon: false,
    messageId: 'm',
    networkId: 'n',
    ...changes,
  };
}

function scene(changes: Partial<RoomLimits> = {}) {
  let nowMs = 0;
  const room = new ServiceRoom({
    name: { app: 'live', name: 'room', path: '/live/room' },
    limits: { ...limits, ...changes },
    now: () => nowMs,
    schedule: () => undefined,
  });
  return {
    room,
    join(format: Partial<MemberFormat> = {}) {
      const sink = new FakeSink();
      const member = room.attach({ messageStreamId: 1, chunkSize: 128, objectEncoding: 0, ...format }, sink);
      return { sink, member };
    },
    message(content: string, changed: Partial<ServiceHeader> = {}) {
      const of = header(changed);
      const encoded = encodeServiceMessage('name', of, [formatServiceHeader(of), content]);
      if (encoded === undefined) throw new Error('not encodable');
      return encoded;
    },
    /** Lets time pass, then flushes. */
    flush(ms = 10): boolean {
      nowMs += ms;
      return room.flush(nowMs);
    },
  };
}

describe('ServiceRoom', () => {
  it('writes each member once in a window, in one order, without what it sent itself', () => {
    const { room, join, message, flush } = scene();
    const [a, b, c] = [join(), join({ messageStreamId: 2 }), join({ objectEncoding: 3 })];
    for (const [text, from] of [
      ['1', a],
      ['2', b],
      ['3', a],
      ['4', c],
      ['5', c],
    ] as const) {
      room.broadcast(message(text), from.member);
    }
    expect(flush()).toBe(false);
    expect(a.sink.contents).toEqual(['2', '4', '5']);
    expect(b.sink.contents).toEqual(['1', '3', '4', '5']);
    expect(c.sink.contents).toEqual(['1', '2', '3']);
    // One more for each hole.
    expect([a.sink.writes, b.sink.writes, c.sink.writes]).toEqual([2, 2, 1]);
    room.broadcast(message('6'), a.member);
    flush();
    expect(a.sink.contents).toHaveLength(3);
    expect(b.sink.contents.at(-1)).toBe('6');
    expect(b.sink.writes).toBe(3);
  });

  it('gives members who attach in a window what came after them only, and nothing to those who left', () => {
    const { room, join, message, flush } = scene();
    const early = join();
    room.broadcast(message('1'));
    const late = join();
    room.broadcast(message('2'));
    room.detach(early.member);
    flush();
    expect(late.sink.contents).toEqual(['2']);
    expect(early.sink.contents).toEqual([]);
    expect(room.memberCount).toBe(1);
  });

  it('queues for a stalled member alone, which comes back to the others when it reads', () => {
    const { room, join, message, flush } = scene();
    const [slow, quick] = [join(), join()];
    slow.sink.pendingBytes = 500;
    for (let i = 0; i < 3; i += 1) room.broadcast(message(`${i}`));
    expect(flush()).toBe(true);
    expect(quick.sink.contents).toEqual(['0', '1', '2']);
    expect(slow.sink.contents).toEqual([]);
    expect(room.laggingMemberCount).toBe(1);
    slow.sink.pendingBytes = 0;
    room.broadcast(message('3'));
    expect(flush()).toBe(false);
    expect(slow.sink.contents).toEqual(['0', '1', '2', '3']);
    room.broadcast(message('4'));
    flush();
    expect(slow.sink.contents.at(-1)).toBe('4');
    expect(room.laggingMemberCount).toBe(0);
  });

  it('drops what may be dropped, lowest priority first, and sends the highest first', () => {
    const { room, join, message, flush } = scene();
    const { sink, member } = join();
    sink.pendingBytes = 1;
    room.broadcast(message('low', { priority: 7, abandon: true }));
    room.broadcast(message('middle', { priority: 5, abandon: true }));
    room.broadcast(message('kept', { priority: 7 }));
    room.broadcast(message('high', { priority: 1, abandon: true }));
    room.broadcast(message('higher', { priority: 0, abandon: true }));
    room.broadcast(message('none', { priority: 7, abandon: true }));
    flush();
    expect([member.droppedMessages, room.dropped]).toEqual([2, 2]);
    sink.pendingBytes = 0;
    flush();
    expect(sink.contents).toEqual(['higher', 'high', 'middle', 'kept']);
    expect(sink.error).toBeUndefined();
    expect(room.dropped).toBe(2);
  });

  it('closes a member that finds no room for what must not be dropped', () => {
    const { room, join, message, flush } = scene();
    const [slow, quick] = [join(), join()];
    slow.sink.pendingBytes = 1;
    for (let i = 0; i < 5; i += 1) room.broadcast(message(`${i}`));
    flush();
    expect(slow.sink.error?.code).toBe('ERR_SERVICE_MEMBER_FULL');
    expect(quick.sink.contents).toHaveLength(5);
    expect(quick.sink.error).toBeUndefined();
  });

  it('closes a member that lets it wait for too long', () => {
    const { room, join, message, flush } = scene();
    const { sink } = join();
    sink.pendingBytes = 1;
    room.broadcast(message('kept'));
    expect(flush()).toBe(true);
    expect(flush(999)).toBe(true);
    expect(sink.error).toBeUndefined();
    expect(flush(1)).toBe(false);
    expect(sink.error?.code).toBe('ERR_SERVICE_MEMBER_TIMEOUT');
    expect(flush()).toBe(false);
  });

  it('closes a member that takes nothing at all, also where all can be dropped', () => {
    const { room, join, message, flush } = scene();
    const [stalled, reading] = [join(), join()];
    for (const { sink } of [stalled, reading]) sink.pendingBytes = 100;
    room.broadcast(message('droppable', { abandon: true }));
    flush();
    reading.sink.pendingBytes = 50;
    flush(4000);
    expect(flush(1000)).toBe(true);
    expect(stalled.sink.error?.code).toBe('ERR_SERVICE_MEMBER_STALLED');
    expect(reading.sink.error).toBeUndefined();
  });

  it('sends the history to who attaches, in the order in which it came', () => {
    const { room, join, message, flush } = scene();
    const danmu = {
      userId: '',
      userLevel: '',
      deviceType: 0,
      roomId: '',
      timeStampMs: 0,
      danmuType: 0,
      content: '',
    };
    for (let i = 0; i < 3; i += 1) {
      room.broadcast(message(`${i}`), undefined, { receivedAtMs: i, mediaTimeMs: undefined, header: header(), danmu });
    }
    const { sink, member } = join();
    room.greet(member);
    room.broadcast(message('new'));
    flush();
    expect(sink.contents).toEqual(['1', '2', 'new']);
  });
});

describe('what is remembered', () => {
  it('of ids: as many as allowed, for as long as allowed', () => {
    const window = new DuplicateWindow({ maxMessages: 2, maxAgeMs: 100 });
    const [a, b, c] = ['a', 'b', 'c'].map((messageId) => header({ messageId })) as [
      ServiceHeader,
      ServiceHeader,
      ServiceHeader,
    ];
    expect([a, a, b, c, a].map((one) => window.isDuplicate(one, 0))).toEqual([false, true, false, false, false]);
    expect(window.isDuplicate(a, 99)).toBe(true);
    expect(window.isDuplicate(a, 100)).toBe(false);
    window.forget(a);
    expect(window.isDuplicate(a, 101)).toBe(false);
  });

  it('of rates: what was taken comes back with time, up to the capacity', () => {
    const bucket = new TokenBucket(2, 10, 0);
    expect([0, 0, 0, 99, 100, 100, 10_000, 10_000, 10_000].map((ms) => bucket.take(ms))).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it('of users: each has a rate of its own', () => {
    const rates = new UserRates(1);
    expect([rates.take('a', 0), rates.take('a', 0), rates.take('b', 0), rates.take('a', 1000)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    const free = new UserRates(0);
    expect(Array.from({ length: 50 }, () => free.take('a', 0)).every(Boolean)).toBe(true);
  });
});
