import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError } from '../../bytes/index.js';
import { joinAggregate, splitAggregate } from './aggregate.js';
import { fromHex } from './message.vectors.js';
import type { RawMessage } from './raw-message.js';

function aggregate(payload: string, timestamp = 1000): RawMessage {
  return { messageTypeId: 22, timestamp, messageStreamId: 5, payload: fromHex(payload) };
}

function errorCode(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof RtmpRemoteError) return error.code;
    throw error;
  }
}

// Type, size, time, upper time, stream, payload, back pointer.
const audioAt16 = '08 000002 000010 00 000000 af01 0000000d';
const videoAt50 = '09 000001 000032 00 000000 17 0000000c';

describe('splitAggregate', () => {
  it('moves the times to that of the aggregate and the messages to its stream', () => {
    expect(splitAggregate(aggregate(audioAt16 + videoAt50))).toEqual([
      { messageTypeId: 8, timestamp: 1000, messageStreamId: 5, payload: fromHex('af01') },
      { messageTypeId: 9, timestamp: 1034, messageStreamId: 5, payload: fromHex('17') },
    ]);
  });

  it('reads the upper eight bits of a time last, as FLV has them', () => {
    const late = '08 000000 ffffff 01 000000 0000000b';
    expect(splitAggregate(aggregate(late + audioAt16, 0x01ff_ffff))).toMatchObject([
      { timestamp: 0x01ff_ffff },
      { timestamp: 0x10 },
    ]);
  });

  it('wraps times at 2³²', () => {
    expect(splitAggregate(aggregate(audioAt16 + videoAt50, 0xffff_ffff))).toMatchObject([
      { timestamp: 0xffff_ffff },
      { timestamp: 33 },
    ]);
  });

  it('does without right back pointers, and without the last', () => {
    const wrong = '08 000002 000010 00 000000 af01 ffffffff';
    const missing = '09 000001 000032 00 000000 17';
    expect(splitAggregate(aggregate(wrong + missing))).toHaveLength(2);
    expect(splitAggregate(aggregate(`${missing}00 00`))).toHaveLength(1);
  });

  it('makes nothing of nothing', () => {
    expect(splitAggregate(aggregate(''))).toEqual([]);
  });

  it.each([
    ['a cut sub-header', `${audioAt16} 09 000001 000032`, 'ERR_RTMP_MESSAGE_AGGREGATE_SHORT'],
    ['a message longer than the rest', '08 0000ff 000010 00 000000 af01', 'ERR_RTMP_MESSAGE_AGGREGATE_SHORT'],
    ['an aggregate inside', '16 000000 000010 00 000000 0000000b', 'ERR_RTMP_MESSAGE_AGGREGATE_NESTED'],
  ])('refuses %s', (_name, payload, code) => {
    expect(errorCode(() => splitAggregate(aggregate(payload)))).toBe(code);
  });

  it('refuses more messages than allowed', () => {
    const raw = aggregate(audioAt16.repeat(3));
    expect(splitAggregate(raw, { maxMessages: 3 })).toHaveLength(3);
    expect(errorCode(() => splitAggregate(raw, { maxMessages: 2 }))).toBe('ERR_RTMP_MESSAGE_AGGREGATE_COUNT');
  });

  it('gives messages or a remote error for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (payload) => {
        errorCode(() => splitAggregate({ messageTypeId: 22, timestamp: 0, messageStreamId: 1, payload }));
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe('joinAggregate', () => {
  it('is undone by splitAggregate', () => {
    const message = fc.record({
      messageTypeId: fc.constantFrom(8, 9, 18),
      timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
      messageStreamId: fc.constant(3),
      payload: fc.uint8Array({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(message, fc.array(message, { maxLength: 5 }), (first, rest) => {
        expect(splitAggregate(joinAggregate([first, ...rest]))).toEqual([first, ...rest]);
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});
