import { ChunkDecoder, encodeAmf0, messageTypes, type RawMessage } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveStreams, type LiveStreamsOptions, type Publication } from './live-streams.js';
import type { PlayerSink } from './player.js';
import type { MediaSelection } from './wire-encoding.js';

const key = { app: 'live', name: 'test' };
const chunkSize = 60_000;

/** A player's end: decodes what it is sent, and can refuse to take it. */
class TestSink implements PlayerSink {
  readonly notices: string[] = [];
  readonly #decoder = new ChunkDecoder();
  readonly received: RawMessage[] = [];
  writes = 0;
  blocked = false;
  pendingBytes = 0;

  constructor() {
    // A player is told the chunk size before anything else.
    this.#decoder.push(Uint8Array.of(2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, chunkSize >> 8, chunkSize & 0xff));
    this.#decoder.next();
  }

  write(bytes: Uint8Array): void {
    this.writes += 1;
    if (this.blocked) this.pendingBytes += bytes.length;
    this.#decoder.push(bytes);
    for (let message = this.#decoder.next(); message !== undefined; message = this.#decoder.next()) {
      this.received.push(message);
    }
  }

  started(): void {
    this.notices.push('started');
  }
  ended(): void {
    this.notices.push('ended');
  }
  stalled(): void {
    this.notices.push('stalled');
  }
  behind(): void {
    this.notices.push('behind');
  }
  finished(): void {
    this.notices.push('finished');
  }

  /** `v:` key frames in capitals; the second number is the frame's own. */
  get summary(): string[] {
    return this.received.map(({ messageTypeId, payload }) => {
      if (messageTypeId === messageTypes.dataAmf0) return 'meta';
      if (messageTypeId === messageTypes.audio) return payload[1] === 0 ? 'aac' : `a${payload[2]}`;
      if (payload[1] === 0) return 'avc';
      return payload[0] === 0x17 ? `V${payload[5]}` : `v${payload[5]}`;
    });
  }
}

function video(timestamp: number, frame: number, isKey: boolean, bytes = 100): RawMessage {
  const payload = new Uint8Array(bytes).fill(7);
  payload.set([isKey ? 0x17 : 0x27, 1, 0, 0, 0, frame]);
  return { messageTypeId: messageTypes.video, timestamp, messageStreamId: 1, payload };
}
function audio(timestamp: number, frame: number): RawMessage {
  return { messageTypeId: messageTypes.audio, timestamp, messageStreamId: 1, payload: Uint8Array.of(0xaf, 1, frame) };
}
const avcHeader: RawMessage = {
  messageTypeId: messageTypes.video,
  timestamp: 0,
  messageStreamId: 1,
  payload: Uint8Array.of(0x17, 0, 0, 0, 0, 1, 66, 0, 31),
};
const aacHeader: RawMessage = {
  ...avcHeader,
  messageTypeId: messageTypes.audio,
  payload: Uint8Array.of(0xaf, 0, 0x12, 0x10),
};
const metadata: RawMessage = {
  ...avcHeader,
  messageTypeId: messageTypes.dataAmf0,
  payload: encodeAmf0(['@setDataFrame', 'onMetaData', { width: 1280, framerate: 30 }]),
};

let nowMs = 0;
let streams: LiveStreams;

function make(options: Partial<LiveStreamsOptions> = {}): LiveStreams {
  return new LiveStreams({
    gopCache: true,
    maxLagMs: 1000,
    maxGopBytes: 1_000_000,
    stallTimeoutMs: 5000,
    maxWindowMs: 0,
    takeover: 'refuse',
    graceMs: 5000,
    now: () => nowMs,
    ...options,
  });
}

function publish(target = streams, clientId = 'a', onReplaced = (): void => undefined): Publication {
  const outcome = target.publish(
    key,
    { address: '127.0.0.1', software: 'test', clientId, lastActiveMs: () => 0 },
    { onReplaced },
  );
  if (!outcome.ok) throw new Error(`not published: ${outcome.reason}`);
  return outcome.publication;
}

function play(
  target = streams,
  messageStreamId = 1,
  selection?: MediaSelection,
): { sink: TestSink; subscription: NonNullable<ReturnType<LiveStreams['play']>> } {
  const sink = new TestSink();
  const subscription = target.play(
    key,
    { kind: 'rtmp', messageStreamId, chunkSize, objectEncoding: 0 },
    sink,
    selection,
  );
  if (subscription === undefined) throw new Error('not joined');
  return { sink, subscription };
}

function writeAll(publication: Publication, ...messages: RawMessage[]): void {
  for (const message of messages) publication.write(message);
}

beforeEach(() => {
  vi.useFakeTimers();
  nowMs = 10_000;
  streams = make();
});
afterEach(() => {
  streams.close();
  vi.useRealTimers();
});

describe('joining', () => {
  it('gives who waited everything, once, and tells that the stream began', () => {
    const { sink } = play();
    const publication = publish();
    writeAll(publication, metadata, avcHeader, aacHeader, video(0, 1, true), audio(5, 1), video(33, 2, false));
    expect(sink.notices).toEqual(['started']);
    expect(sink.summary).toEqual(['meta', 'avc', 'aac', 'V1', 'a1', 'v2']);
  });

  it('gives a late joiner metadata, headers stamped with the time of the key frame, and the newest key frame on', () => {
    const publication = publish();
    writeAll(publication, metadata, avcHeader, aacHeader, video(0, 1, true), video(33, 2, false));
    writeAll(publication, video(66, 3, true), audio(70, 1), video(99, 4, false));
    const { sink } = play();
    expect(sink.summary).toEqual(['meta', 'avc', 'aac', 'V3', 'a1', 'v4']);
    expect(sink.received.map((message) => message.timestamp)).toEqual([0, 66, 66, 66, 70, 99]);
    expect(sink.received[0]?.payload).toEqual(encodeAmf0(['onMetaData', { width: 1280, framerate: 30 }]));
    writeAll(publication, video(132, 5, false));
    expect(sink.summary.at(-1)).toBe('v5');
  });

  it('writes the message stream id and chunk stream ids of its own', () => {
    const publication = publish();
    writeAll(publication, avcHeader, video(0, 1, true));
    const { sink } = play(streams, 7);
    expect(sink.received.every((message) => message.messageStreamId === 7)).toBe(true);
  });

  it('without GOP cache waits for the next key frame', () => {
    streams = make({ gopCache: false });
    const publication = publish();
    writeAll(publication, avcHeader, aacHeader, video(0, 1, true));
    const { sink } = play();
    writeAll(publication, video(33, 2, false), audio(40, 1));
    expect(sink.summary).toEqual(['avc', 'aac']);
    writeAll(publication, video(66, 3, true), video(99, 4, false));
    expect(sink.summary).toEqual(['avc', 'aac', 'V3', 'v4']);
  });

  it('joins a stream of audio alone where it is', () => {
    const publication = publish();
    writeAll(publication, aacHeader, audio(0, 1), audio(20, 2));
    const { sink } = play();
    writeAll(publication, audio(40, 3));
    expect(sink.summary).toEqual(['aac', 'a3']);
  });

  it('starts with the key frames of all tracks', () => {
    const track = (trackId: number, isKey: boolean): RawMessage => ({
      ...avcHeader,
      timestamp: 50,
      payload: Uint8Array.of(isKey ? 0x96 : 0xa6, 0x03, 0x61, 0x76, 0x30, 0x31, trackId, 9, 9),
    });
    const publication = publish();
    writeAll(publication, track(0, true), track(1, true), track(0, false), track(1, false));
    writeAll(publication, track(0, true), track(1, true));
    const { sink } = play();
    expect(sink.received.map(({ payload }) => payload[6])).toEqual([0, 1]);
  });

  it('no longer gives the configuration of a codec that is not sent any more', () => {
    const publication = publish();
    writeAll(publication, aacHeader, audio(0, 1));
    const mp3 = { ...audio(20, 2), payload: Uint8Array.of(0x2f, 9, 9, 9) };
    writeAll(publication, mp3);
    const { sink } = play();
    writeAll(publication, { ...mp3, timestamp: 40 });
    expect(sink.received.map(({ payload }) => payload)).toEqual([mp3.payload]);
    writeAll(publication, { ...aacHeader, timestamp: 60 }, audio(60, 3));
    expect(play().sink.summary).toEqual(['aac']);
  });

  it('no longer gives metadata that was cleared', () => {
    const publication = publish();
    writeAll(publication, metadata, avcHeader, video(0, 1, true));
    publication.write({ ...metadata, payload: encodeAmf0(['@clearDataFrame', 'onMetaData']) });
    expect(play().sink.summary).toEqual(['avc', 'V1']);
  });

  it('gives one write per window to each player, and the same bytes to all', () => {
    streams = make({ maxWindowMs: 100 });
    const publication = publish();
    const players = [play(), play(), play()];
    writeAll(publication, avcHeader, video(0, 1, true));
    for (let i = 0; i < 20; i += 1) writeAll(publication, video(i, 2, false), audio(i, 1));
    expect(players.map(({ sink }) => sink.writes)).toEqual([0, 0, 0]);
    vi.advanceTimersByTime(1000);
    expect(players.map(({ sink }) => sink.writes)).toEqual([1, 1, 1]);
    expect(players.map(({ sink }) => sink.summary.length)).toEqual([42, 42, 42]);
  });
});

describe('slow players', () => {
  it('a player that takes nothing is moved to the newest key frame, counted, and disturbs nobody', () => {
    const publication = publish();
    writeAll(publication, avcHeader, video(0, 1, true));
    const slow = play();
    const good = play();
    slow.sink.blocked = true;
    for (let second = 1; second <= 4; second += 1) {
      nowMs += 1000;
      writeAll(
        publication,
        video(second * 1000, second * 10, true),
        video(second * 1000 + 500, second * 10 + 1, false),
      );
    }
    expect(slow.sink.summary).toEqual(['avc', 'V1', 'V10']);
    slow.sink.blocked = false;
    slow.sink.pendingBytes = 0;
    writeAll(publication, video(4600, 42, false));
    expect(slow.sink.summary).toEqual(['avc', 'V1', 'V10', 'V40', 'v41', 'v42']);
    expect(good.sink.summary).toEqual(['avc', 'V1', 'V10', 'v11', 'V20', 'v21', 'V30', 'v31', 'V40', 'v41', 'v42']);
    const facts = streams.published()[0]?.broadcast.facts;
    expect([facts?.jumps, facts?.skippedMessages]).toEqual([1, 5]);
    expect([slow.sink.notices, good.sink.notices]).toEqual([['behind'], []]);
  });

  it('is told so now and then, not each time', () => {
    const publication = publish();
    const { sink } = play();
    writeAll(publication, avcHeader, video(0, 1, true));
    for (let second = 1; second <= 70; second += 1) {
      nowMs += 1000;
      sink.blocked = second % 5 !== 0;
      if (!sink.blocked) sink.pendingBytes = 0;
      writeAll(publication, video(second * 1000, second, true), video(second * 1000 + 500, second, false));
    }
    expect(streams.published()[0]?.broadcast.facts.jumps).toBeGreaterThan(10);
    expect(sink.notices).toEqual(['behind', 'behind', 'behind']);
  });

  it('is given a new configuration that it skipped', () => {
    const publication = publish();
    writeAll(publication, avcHeader, video(0, 1, true));
    const { sink } = play();
    sink.blocked = true;
    writeAll(publication, video(10, 2, false));
    nowMs += 2000;
    const changed = { ...avcHeader, payload: Uint8Array.of(0x17, 0, 0, 0, 0, 1, 77, 0, 31) };
    writeAll(publication, changed, video(2000, 3, true));
    sink.blocked = false;
    sink.pendingBytes = 0;
    writeAll(publication, video(2033, 4, false));
    expect(sink.summary).toEqual(['avc', 'V1', 'v2', 'avc', 'V3', 'v4']);
    expect(sink.received[3]?.payload).toEqual(changed.payload);
  });

  it('is let go after the stall timeout', () => {
    const publication = publish();
    writeAll(publication, avcHeader, video(0, 1, true));
    const { sink } = play();
    sink.blocked = true;
    for (let second = 1; second <= 6; second += 1) {
      nowMs += 1000;
      writeAll(publication, video(second * 1000, second, false));
    }
    expect(sink.notices).toEqual([]);
    nowMs += 1000;
    writeAll(publication, video(9000, 9, false));
    expect(sink.notices).toEqual(['stalled']);
  });

  it('keeps no more than maxGopBytes, and joiners wait for the next key frame then', () => {
    streams = make({ maxGopBytes: 30_000 });
    const publication = publish();
    writeAll(publication, avcHeader, video(0, 1, true));
    for (let i = 0; i < 200; i += 1) writeAll(publication, video(i, 2, false));
    const { sink } = play();
    writeAll(publication, video(300, 3, false));
    expect(sink.summary).toEqual(['avc']);
    writeAll(publication, video(400, 4, true));
    expect(sink.summary).toEqual(['avc', 'V4']);
  });
});

describe('memory', () => {
  it('is bounded for messages without a payload, too', () => {
    streams = make({ maxGopBytes: 100_000 });
    const publication = publish();
    writeAll(publication, avcHeader, video(0, 1, true));
    for (let i = 0; i < 1000; i += 1) publication.write({ ...audio(i, 1), payload: new Uint8Array() });
    const { sink } = play();
    writeAll(publication, video(2000, 2, true));
    expect(sink.summary).toEqual(['avc', 'V2']);
  });
});

describe('choosing media', () => {
  it('turns audio off and on at once, with its header', () => {
    const publication = publish();
    writeAll(publication, avcHeader, aacHeader, video(0, 1, true));
    const { sink, subscription } = play();
    subscription.select({ audio: false, video: true });
    writeAll(publication, audio(10, 1), video(20, 2, false));
    subscription.select({ audio: true, video: true });
    writeAll(publication, audio(30, 2), video(40, 3, false));
    expect(sink.summary).toEqual(['avc', 'aac', 'V1', 'v2', 'aac', 'a2', 'v3']);
  });

  it('brings video back with a key frame, while audio goes on', () => {
    const publication = publish();
    writeAll(publication, avcHeader, aacHeader, video(0, 1, true));
    const { sink, subscription } = play();
    subscription.select({ audio: true, video: false });
    writeAll(publication, audio(10, 1), video(20, 2, false));
    subscription.select({ audio: true, video: true });
    writeAll(publication, audio(30, 2), video(40, 3, false), audio(50, 3), video(60, 4, true), video(70, 5, false));
    vi.advanceTimersByTime(100);
    expect(sink.summary).toEqual(['avc', 'aac', 'V1', 'a1', 'a2', 'a3', 'avc', 'V4', 'v5']);
  });

  it('brings video back without a loss of audio within one window', () => {
    streams = make({ maxWindowMs: 100 });
    const publication = publish();
    writeAll(publication, avcHeader, aacHeader, video(0, 1, true));
    const { sink, subscription } = play();
    subscription.select({ audio: true, video: false });
    writeAll(publication, audio(10, 1));
    vi.advanceTimersByTime(200);
    subscription.select({ audio: true, video: true });
    writeAll(publication, audio(30, 2), video(40, 3, false), audio(50, 3), video(60, 4, true), video(70, 5, false));
    vi.advanceTimersByTime(200);
    expect(sink.summary).toEqual(['avc', 'aac', 'V1', 'a1', 'a2', 'a3', 'avc', 'V4', 'v5']);
  });

  it('brings video back with the next publication, if this one ends before its next key frame', () => {
    const publication = publish();
    writeAll(publication, avcHeader, video(0, 1, true));
    const { sink, subscription } = play();
    subscription.select({ audio: true, video: false });
    writeAll(publication, video(20, 2, false));
    subscription.select({ audio: true, video: true });
    publication.end();
    writeAll(publish(), avcHeader, video(0, 3, true));
    expect(sink.summary).toEqual(['avc', 'V1', 'avc', 'V3']);
  });

  it('has joiners start at the key frame, wherever others of their choice are', () => {
    const publication = publish();
    writeAll(publication, avcHeader, aacHeader, video(0, 1, true), audio(5, 1));
    const first = play();
    first.subscription.select({ audio: true, video: false });
    writeAll(publication, audio(10, 2));
    const late = play(streams, 1, { audio: true, video: false });
    expect(late.sink.summary).toEqual(['aac', 'a1', 'a2']);
    expect(streams.published()[0]?.broadcast.facts.jumps).toBe(0);
  });

  it('tells a paused player of the next publication, and of its end', () => {
    const publication = publish();
    const { sink, subscription } = play();
    subscription.pause(true);
    publication.end();
    const next = publish();
    expect(sink.notices).toEqual(['ended', 'started']);
    writeAll(next, video(0, 1, true));
    subscription.pause(false);
    writeAll(next, video(20, 2, false));
    expect(sink.summary).toEqual(['V1', 'v2']);
  });

  it('gives a paused player nothing, and comes back at the newest key frame', () => {
    const publication = publish();
    writeAll(publication, avcHeader, video(0, 1, true));
    const { sink, subscription } = play();
    subscription.pause(true);
    writeAll(publication, video(33, 2, false), video(66, 3, true), video(99, 4, false));
    expect(sink.summary).toEqual(['avc', 'V1']);
    subscription.pause(false);
    vi.advanceTimersByTime(100);
    expect(sink.summary).toEqual(['avc', 'V1', 'avc', 'V3', 'v4']);
  });
});

describe('publications', () => {
  it('refuses a second publisher, and gives the name when the first has ended', () => {
    const first = publish();
    const second = { address: 'x', software: '', clientId: 'b' };
    expect(streams.publish(key, second, { onReplaced: () => undefined })).toEqual({ ok: false, reason: 'busy' });
    first.end();
    expect(streams.publish(key, second, { onReplaced: () => undefined }).ok).toBe(true);
  });

  it('lets the same client back in once its old connection has been silent for the grace time', () => {
    const replaced = vi.fn();
    publish(streams, 'same', replaced);
    nowMs = 4999;
    const info = { address: 'x', software: '', clientId: 'same', lastActiveMs: () => nowMs };
    expect(streams.publish(key, info, { onReplaced: () => undefined }).ok).toBe(false);
    nowMs = 5000;
    expect(streams.publish(key, { ...info, clientId: 'other' }, { onReplaced: () => undefined }).ok).toBe(false);
    expect(streams.publish(key, info, { onReplaced: () => undefined }).ok).toBe(true);
    expect(replaced).toHaveBeenCalledOnce();
  });

  it('ends: players get the rest, are told, and get nothing old of the next publication', () => {
    const first = publish();
    const { sink } = play();
    writeAll(first, avcHeader, video(0, 1, true));
    first.end();
    expect(sink.notices).toEqual(['ended']);
    first.write(video(33, 2, false));
    const second = publish();
    writeAll(second, video(0, 9, true));
    expect(sink.notices).toEqual(['ended', 'started']);
    expect(sink.summary).toEqual(['avc', 'V1', 'V9']);
  });

  it('replaces when so configured: players go on, the one before is told and heard no more', () => {
    streams = make({ takeover: 'replace' });
    const replaced = vi.fn();
    const first = publish(streams, 'a', replaced);
    const { sink } = play();
    writeAll(first, avcHeader, video(0, 1, true));
    const second = publish(streams, 'b');
    expect(replaced).toHaveBeenCalledOnce();
    first.write(video(33, 2, false));
    first.end();
    writeAll(second, avcHeader, video(0, 5, true));
    vi.advanceTimersByTime(100);
    expect(sink.notices).toEqual(['started']);
    expect(sink.summary).toEqual(['avc', 'V1', 'avc', 'V5']);
  });

  it('a slow player gets the rest of an ended publication before it is told', () => {
    const first = publish();
    const { sink } = play();
    writeAll(first, avcHeader, video(0, 1, true));
    sink.blocked = true;
    writeAll(first, video(33, 2, false), video(66, 3, false));
    first.end();
    const second = publish();
    writeAll(second, avcHeader, video(0, 7, true));
    expect(sink.notices).toEqual([]);
    sink.blocked = false;
    sink.pendingBytes = 0;
    vi.advanceTimersByTime(200);
    expect(sink.notices).toEqual(['ended', 'started']);
    expect(sink.summary).toEqual(['avc', 'V1', 'v2', 'v3', 'avc', 'V7']);
  });

  it('finds one stream however a URL is split, and knows no impossible names', () => {
    const outcome = streams.publish(
      { app: 'live/room', name: 'a' },
      { address: '', software: '', clientId: '' },
      { onReplaced: () => undefined },
    );
    expect(outcome.ok).toBe(true);
    expect(streams.isPublished({ app: '/live/', name: 'room/a' })).toBe(true);
    for (const app of ['', '/', `a${'/'.repeat(1_000_000)}a`]) {
      expect(streams.isValidName({ app, name: 'x' })).toBe(false);
    }
    expect(streams.isPublished({ app: 'live/_definst_?token=1', name: 'room/a' })).toBe(true);
    for (const name of ['', 'a\u0000b', 'x'.repeat(2000)]) {
      expect(streams.isValidName({ app: 'live', name })).toBe(false);
      expect(
        streams.play(
          { app: 'live', name },
          { kind: 'rtmp', messageStreamId: 1, chunkSize, objectEncoding: 0 },
          new TestSink(),
        ),
      ).toBeUndefined();
    }
  });

  it('forgets names that nobody publishes or waits for', () => {
    const { subscription } = play();
    expect(streams.nameCount).toBe(1);
    subscription.close();
    expect(streams.nameCount).toBe(0);
    const publication = publish();
    publication.end();
    expect(streams.nameCount).toBe(0);
  });
});

describe('figures', () => {
  it('counts on over publications, with what players are sent after the end', () => {
    expect(streams.totals()).toEqual({ publications: 0, bytesIn: 0, bytesOut: 0, jumps: 0, skippedMessages: 0 });
    const first = publish();
    const { sink, subscription } = play();
    writeAll(first, video(0, 1, true));
    vi.advanceTimersByTime(100);
    sink.blocked = true;
    writeAll(first, video(33, 2, false), video(66, 3, false));
    vi.advanceTimersByTime(100);
    first.end();
    const ended = streams.totals();
    expect(ended).toMatchObject({ publications: 1, bytesIn: 300 });
    sink.blocked = false;
    sink.pendingBytes = 0;
    vi.advanceTimersByTime(200);
    const drained = streams.totals();
    expect(drained.bytesOut).toBeGreaterThan(ended.bytesOut);
    publish().end();
    publish().end();
    expect(streams.totals()).toEqual({ ...drained, publications: 3 });
    subscription.close();
    expect(streams.totals()).toEqual({ ...drained, publications: 3 });
  });

  it('counts who was taken over', () => {
    const target = make({ takeover: 'replace' });
    writeAll(publish(target), video(0, 1, true));
    publish(target, 'b').end();
    expect(target.totals()).toMatchObject({ publications: 2, bytesIn: 100 });
    target.close();
  });

  it('tells how far each player is behind, and who waits', () => {
    const publication = publish();
    const [fast, slow] = [play(), play(streams, 2)];
    nowMs += 1000;
    slow.sink.blocked = true;
    writeAll(publication, video(0, 1, true));
    vi.advanceTimersByTime(100);
    writeAll(publication, video(33, 2, false));
    nowMs += 300;
    vi.advanceTimersByTime(100);
    const players = streams.players(key) ?? [];
    expect(players.map(({ kind, pendingBytes }) => [kind, pendingBytes > 0])).toEqual([
      ['rtmp', false],
      ['rtmp', true],
    ]);
    expect(players[0]?.lagMs).toBe(0);
    expect(players[1]?.lagMs).toBeGreaterThanOrEqual(300);
    expect(players[0]?.joinedMs).toBe(players[1]?.joinedMs);
    expect(streams.playerCounts()).toEqual({ rtmp: 2, httpFlv: 0, wsFlv: 0 });
    publication.end();
    expect(streams.players(key)).toBeUndefined();
    fast.subscription.close();
    expect(streams.playerCounts().rtmp).toBe(1);
    slow.subscription.close();
  });

  it('takes what a player reports, once a second', () => {
    publish();
    const { subscription } = play();
    const reported = () => streams.players(key)?.[0]?.reportedLatencyMs;
    for (const nonsense of [Number.NaN, Number.POSITIVE_INFINITY, 600_001, -600_001]) {
      subscription.reportLatency(nonsense);
    }
    expect(reported()).toBeUndefined();
    subscription.reportLatency(400);
    nowMs += 999;
    subscription.reportLatency(500);
    expect(reported()).toBe(400);
    nowMs += 1;
    subscription.reportLatency(-5);
    expect(reported()).toBe(-5);
  });
});

describe('silence', () => {
  it('is that of a publisher whose players have had all', () => {
    const publication = publish();
    const { sink, subscription } = play();
    expect(subscription.silentMs).toBe(0);
    writeAll(publication, avcHeader, video(0, 1, true));
    nowMs += 4000;
    expect(subscription.silentMs).toBe(4000);
    writeAll(publication, video(40, 2, false));
    expect(subscription.silentMs).toBe(0);
    sink.blocked = true;
    writeAll(publication, video(80, 3, false), video(120, 4, false));
    nowMs += 4000;
    expect(subscription.silentMs).toBe(0);
    subscription.pause(true);
    expect(subscription.silentMs).toBe(0);
    publication.end();
    expect(subscription.silentMs).toBe(0);
  });
});

describe('a hand-over', () => {
  it('sends nothing of a stream that has not begun, and gives the other its own times', () => {
    const { subscription } = play();
    expect(subscription.handOver(5)).toEqual({ sentMs: undefined, offsetMs: 0, isSameClock: false });
  });

  it('changes times for as long as it must', () => {
    const publication = publish();
    writeAll(publication, avcHeader, video(1000, 1, true));
    const { sink, subscription } = play();
    subscription.shift({ offsetMs: 0, floorMs: 1100 });
    writeAll(publication, video(1040, 2, false), audio(1050, 3), aacHeader, video(1120, 4, false), audio(1130, 5));
    expect(sink.received.slice(2).map(({ timestamp }) => timestamp)).toEqual([1100, 1100, 1120, 1130]);
    expect(sink.summary.slice(2)).toEqual(['v2', 'aac', 'v4', 'a5']);
    writeAll(publication, video(4000, 6, false), video(4040, 7, false));
    expect(streams.players(key)).toHaveLength(1);
    const other = play();
    writeAll(publication, video(4080, 8, false));
    expect(sink.received.at(-1)?.payload).toEqual(other.sink.received.at(-1)?.payload);
    expect(sink.received.map(({ timestamp }) => timestamp).slice(-3)).toEqual([4000, 4040, 4080]);
  });

  it('moves times over their end', () => {
    const publication = publish();
    writeAll(publication, avcHeader, video(0, 1, true));
    const { sink, subscription } = play();
    subscription.shift({ offsetMs: 2 ** 32 - 20, floorMs: undefined });
    writeAll(publication, video(10, 2, false), video(40, 3, false));
    expect(sink.received.slice(-2).map(({ timestamp }) => timestamp)).toEqual([2 ** 32 - 10, 20]);
  });
});
