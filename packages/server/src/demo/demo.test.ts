import { readFileSync } from 'node:fs';
import { parseAudioTagHeader, parseVideoTagHeader, type RawMessage } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveStreams } from '../live/index.js';
import { silentLogger } from '../log/index.js';
import { startDemo } from './start-demo.js';
import { TagLoop } from './tag-loop.js';

const file = readFileSync(new URL('../../assets/demo.flv', import.meta.url));

function take(loop: TagLoop, untilMs: number): RawMessage[] {
  const messages: RawMessage[] = [];
  while (loop.nextDueMs < untilMs) messages.push(...loop.next());
  return messages;
}

describe('TagLoop', () => {
  it('begins with metadata and sequence headers, then a key frame', () => {
    const loop = new TagLoop(file);
    const [metadata, video, audio, first] = loop.next();
    expect(metadata?.messageTypeId).toBe(18);
    expect(parseVideoTagHeader(video?.payload ?? new Uint8Array())).toMatchObject({
      codec: 'h264',
      isSequenceStart: true,
    });
    expect(parseAudioTagHeader(audio?.payload ?? new Uint8Array())).toMatchObject({ codec: 'aac' });
    expect(parseVideoTagHeader(first?.payload ?? new Uint8Array())).toMatchObject({
      packetType: 'codedFrames',
      isKeyFrame: true,
    });
    expect([metadata, video, audio, first].map((message) => message?.timestamp)).toEqual([0, 0, 0, 0]);
  });

  it('goes on evenly over the seam', () => {
    const loop = new TagLoop(file);
    expect(loop.periodMs).toBe(8000);
    const messages = take(loop, 24_000).slice(3);
    const timesOf = (type: number) =>
      messages.filter((message) => message.messageTypeId === type).map((m) => m.timestamp);
    const stepsOf = (type: number) =>
      timesOf(type)
        .slice(1)
        .map((time, i) => time - (timesOf(type)[i] ?? 0));
    expect(new Set(stepsOf(9))).toEqual(new Set([40]));
    expect(new Set(stepsOf(8))).toEqual(new Set([21, 22]));
    expect(timesOf(9)).toHaveLength(3 * 200);
    expect(timesOf(8)).toHaveLength(3 * 375);
    expect(messages.every((message) => message.payload.length > 2)).toBe(true);
  });

  it('refuses what it cannot loop', () => {
    expect(() => new TagLoop(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]))).toThrow();
  });
});

describe('startDemo', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function publisher() {
    const messages: RawMessage[] = [];
    let ended = false;
    let replace = (): void => undefined;
    return {
      messages,
      isEnded: () => ended,
      replace: () => replace(),
      streams: {
        publish: (_key: unknown, _info: unknown, events: { onReplaced(): void }) => {
          replace = () => events.onReplaced();
          return {
            ok: true as const,
            publication: {
              write: (message: RawMessage) => void messages.push(message),
              end: () => {
                ended = true;
              },
            },
          };
        },
      },
    };
  }

  const lastVideo = (messages: RawMessage[]) =>
    messages.filter((message) => message.messageTypeId === 9).at(-1)?.timestamp;

  it('sends in real time and ends when stopped', () => {
    const { messages, streams, isEnded } = publisher();
    const demo = startDemo(streams, silentLogger);
    expect(lastVideo(messages)).toBe(0);
    vi.advanceTimersByTime(20_000);
    expect(lastVideo(messages)).toBeGreaterThanOrEqual(20_000 - 40);
    expect(lastVideo(messages)).toBeLessThanOrEqual(20_000);
    demo.stop();
    const count = messages.length;
    vi.advanceTimersByTime(1000);
    expect(messages).toHaveLength(count);
    expect(isEnded()).toBe(true);
  });

  it('tells in its metadata all that the server asks of publishers', () => {
    const streams = new LiveStreams({
      gopCache: true,
      maxLagMs: 1000,
      maxGopBytes: 1_000_000,
      stallTimeoutMs: 5000,
      maxWindowMs: 0,
      takeover: 'refuse',
      graceMs: 0,
      now: () => performance.now(),
    });
    const demo = startDemo(streams, silentLogger);
    vi.advanceTimersByTime(1000);
    const facts = streams.published()[0]?.broadcast.facts;
    expect([facts?.hasVideo, facts?.hasAudio]).toEqual([true, true]);
    expect(facts?.missingMetadata).toEqual([]);
    demo.stop();
    streams.close();
  });

  it('stops when its name is taken over', () => {
    const { messages, streams, replace } = publisher();
    startDemo(streams, silentLogger);
    replace();
    const count = messages.length;
    vi.advanceTimersByTime(1000);
    expect(messages).toHaveLength(count);
  });

  it('does without when the name is taken', () => {
    const demo = startDemo({ publish: () => ({ ok: false, reason: 'busy' }) }, silentLogger);
    demo.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
