import { describeMetadata, encodeAmf0, insertLatencySei, parseMetadata, type RawMessage } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { readMediaFacts } from './media-facts.js';
import { PublisherLatency } from './publisher-latency.js';

const baseMs = 1_700_000_000_000;
/** A key frame and another of H.264, with one slice of four bytes. */
const keyFrame = Uint8Array.of(0x17, 1, 0, 0, 0, 0, 0, 0, 4, 0x65, 1, 2, 3);
const interFrame = Uint8Array.of(0x27, 1, 0, 0, 0, 0, 0, 0, 4, 0x41, 1, 2, 3);

/** A latency whose clocks are set by hand; `frame` takes a frame at a monotonic time. */
function make(wallMs = baseMs) {
  const clock = { wallMs };
  const latency = new PublisherLatency(() => clock.wallMs);
  return {
    latency,
    clock,
    metadata(values: Parameters<typeof encodeAmf0>[0][number]) {
      const description = describeMetadata(parseMetadata(encodeAmf0(['onMetaData', values])));
      if (description === undefined) throw new Error('no metadata');
      latency.noteMetadata(description);
    },
    frame(nowMs: number, timestamp: number, payload: Uint8Array = interFrame, messageTypeId = 9) {
      const message: RawMessage = { messageTypeId, messageStreamId: 1, timestamp, payload };
      latency.noteMedia(message, readMediaFacts(message), nowMs);
    },
  };
}

describe('PublisherLatency', () => {
  it('knows nothing of a publisher that tells nothing', () => {
    const { latency, frame, metadata } = make();
    metadata({ width: 1280 });
    frame(0, 0, keyFrame);
    latency.noteData(encodeAmf0(['onTextData', { text: 'currentTime' }]));
    expect([latency.get('baseTime'), latency.get('currentTime'), latency.get('sei')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('reads the base time, from audio and video, at most once a second', () => {
    const { latency, clock, frame, metadata } = make(baseMs + 1000);
    metadata({ cu_basetime: baseMs });
    expect(latency.get('baseTime')).toBeUndefined();
    frame(0, 900);
    expect(latency.get('baseTime')).toBe(100);
    clock.wallMs += 500;
    frame(500, 0);
    expect(latency.get('baseTime')).toBe(100);
    frame(1000, 1200, Uint8Array.of(0xaf, 1, 2, 3, 4, 5), 8);
    // A quarter of the way from 100 to 300.
    expect(latency.get('baseTime')).toBe(150);
  });

  it('reads timestamps that have started again', () => {
    const { latency, frame, metadata } = make(baseMs + 2 ** 32 + 60);
    metadata({ cu_basetime: baseMs });
    frame(0, 10);
    expect(latency.get('baseTime')).toBe(50);
  });

  it('forgets the base time when new metadata have none', () => {
    const { latency, frame, metadata } = make();
    metadata({ cu_basetime: baseMs });
    frame(0, 0);
    metadata({ width: 1280 });
    frame(5000, 0);
    expect(latency.get('baseTime')).toBeUndefined();
  });

  it('reads every currentTime message', () => {
    const { latency } = make();
    latency.noteData(encodeAmf0(['currentTime', baseMs - 40]));
    expect(latency.get('currentTime')).toBe(40);
    latency.noteData(encodeAmf0(['currentTime', baseMs - 80]));
    expect(latency.get('currentTime')).toBe(50);
  });

  it('reads the SEI of key frames, and of one frame in a second between them', () => {
    const { latency, frame } = make();
    const sei = (payload: Uint8Array, agoMs: number) => insertLatencySei(payload, baseMs - agoMs);
    frame(0, 0, interFrame);
    frame(10, 0, sei(interFrame, 7));
    expect(latency.get('sei')).toBeUndefined();
    frame(20, 0, sei(keyFrame, 100));
    expect(latency.get('sei')).toBe(100);
    frame(30, 0, sei(keyFrame, 500));
    frame(1019, 0, sei(interFrame, 500));
    expect(latency.get('sei')).toBe(100);
    frame(1020, 0, sei(interFrame, 200));
    expect(latency.get('sei')).toBe(125);
  });

  it('reads the SEI by the length of lengths that the sequence header tells', () => {
    const { latency, frame } = make();
    frame(0, 0, Uint8Array.of(0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x28, 0xfd, 0xe1));
    const short = Uint8Array.of(0x17, 1, 0, 0, 0, 0, 4, 0x65, 1, 2, 3);
    frame(0, 0, insertLatencySei(short, baseMs - 9, 2));
    expect(latency.get('sei')).toBe(9);
  });

  it.each([
    ['more than ten minutes', baseMs - 600_001],
    ['the future', baseMs + 600_001],
    ['a clock from 0', 1],
    ['no number', Number.NaN],
  ])('does not know what comes of %s', (_what, nonsense) => {
    const { latency, frame, metadata } = make();
    metadata({ cu_basetime: nonsense });
    latency.noteData(encodeAmf0(['currentTime', nonsense === 1 ? 1e11 : nonsense]));
    frame(0, 0, nonsense > 1 ? insertLatencySei(keyFrame, nonsense) : keyFrame);
    expect([latency.get('baseTime'), latency.get('currentTime'), latency.get('sei')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('looks into no data but what begins as currentTime does', () => {
    const { latency } = make();
    latency.noteData(new Uint8Array());
    latency.noteData(encodeAmf0(['currentTime']));
    latency.noteData(encodeAmf0(['currentTime', baseMs - 5, 'x'.repeat(1000)]));
    expect(latency.get('currentTime')).toBeUndefined();
  });
});
