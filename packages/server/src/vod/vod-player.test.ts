import { afterEach, describe, expect, it } from 'vitest';
import {
  encodeSample,
  interFrame,
  keyFrame,
  MemorySource,
  metadataTag,
  type SampleTag,
  sampleTags,
  sound,
} from '../../test/flv-sample.js';
import { FlvFile } from '../flv-file/index.js';
import type { LiveMessage, MediaSelection } from '../live/index.js';
import type { MediaFile } from '../media-file/index.js';
import { PlayClock } from './play-clock.js';
import { VodPacer } from './vod-pacer.js';
import { VodPlayer } from './vod-player.js';

const pacers: VodPacer[] = [];
afterEach(() => {
  for (const pacer of pacers.splice(0)) pacer.close();
});

interface SceneOptions {
  readonly tags?: readonly SampleTag[];
  readonly bytes?: Uint8Array;
  readonly startMs?: number;
  readonly durationMs?: number;
  readonly bufferMs?: number;
  readonly accurateSeek?: boolean;
}

/** A player whose clock and socket are moved by hand. */
class Scene {
  nowMs = 10_000;
  pendingBytes = 0;
  ended = 0;
  stalled = 0;
  behind = 0;
  dry = 0;
  failure: unknown;
  readonly messages: LiveMessage[] = [];
  readonly pacer = new VodPacer(() => this.nowMs);
  readonly clock = new PlayClock(() => this.nowMs);
  readonly player: VodPlayer;
  readonly #accurateSeek: boolean;

  private constructor(
    file: MediaFile,
    { startMs = 0, durationMs = -1, bufferMs = 2000, accurateSeek = false }: SceneOptions,
  ) {
    this.#accurateSeek = accurateSeek;
    pacers.push(this.pacer);
    this.clock.bufferMs = bufferMs;
    this.player = this.createPlayer(file, startMs, durationMs);
  }

  static async open(options: SceneOptions = {}): Promise<Scene> {
    const bytes = options.bytes ?? encodeSample(options.tags ?? sampleTags(10_000));
    return new Scene(await FlvFile.open(new MemorySource(bytes)), options);
  }

  static async started(options: SceneOptions = {}): Promise<Scene> {
    const scene = await Scene.open(options);
    await scene.player.start();
    await settled();
    return scene;
  }

  createPlayer(file: MediaFile, startMs = 0, durationMs = -1): VodPlayer {
    const scene = this;
    return new VodPlayer({
      file,
      pacer: this.pacer,
      clock: this.clock,
      selection: { audio: true, video: true },
      encoding: (selection) => ({
        key: '',
        encodedLength: (message) => (isSelected(message, selection) ? message.payload.length : 0),
        write: (_target, offset, message) => {
          this.messages.push({ ...message, payload: message.payload.slice() });
          return offset + message.payload.length;
        },
      }),
      startMs,
      durationMs,
      stallTimeoutMs: 5000,
      accurateSeek: this.#accurateSeek,
      sink: {
        get pendingBytes() {
          return scene.pendingBytes;
        },
        write: () => undefined,
        ended: () => {
          this.ended += 1;
        },
        failed: (error) => {
          this.failure = error;
        },
        behind: () => {
          this.behind += 1;
        },
        dry: () => {
          this.dry += 1;
        },
        stalled: () => {
          this.stalled += 1;
        },
      },
    });
  }

  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    this.pacer.tick();
    await settled();
  }

  /** Times of the frames that came since the last call. */
  take(type: 'audio' | 'video' | 'all' = 'all'): number[] {
    const types = { audio: [8], video: [9], all: [8, 9] }[type];
    return this.messages
      .splice(0)
      .filter(({ messageTypeId, payload }) => types.includes(messageTypeId) && payload[1] === 1)
      .map(({ timestamp }) => timestamp);
  }
}

function isSelected({ messageTypeId }: LiveMessage, { audio, video }: MediaSelection): boolean {
  return messageTypeId === 8 ? audio : messageTypeId === 9 ? video : true;
}

/** What is read of files in memory has been read. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('a player of a recording', () => {
  it('begins with the metadata, the headers and the first frames', async () => {
    const scene = await Scene.started({ tags: [metadataTag({ width: 1 }), ...sampleTags(3000)] });
    expect(scene.messages.slice(0, 4).map(({ messageTypeId, payload }) => [messageTypeId, payload[1]])).toEqual([
      [18, 0],
      [9, 0],
      [8, 0],
      [9, 1],
    ]);
    expect(scene.messages.filter(({ messageTypeId }) => messageTypeId === 18)).toHaveLength(1);
  });

  it('sends what the client buffers, then as time passes', async () => {
    const scene = await Scene.started({ bufferMs: 2000 });
    expect(Math.max(...scene.take())).toBe(2000);
    await scene.pass(100);
    expect(scene.take()).toEqual([]);
    await scene.pass(900);
    expect(Math.max(...scene.take())).toBe(3000);
    expect(scene.ended).toBe(0);
    for (let i = 0; i < 10; i += 1) await scene.pass(1000);
    expect(scene.take()).toContain(9905);
    expect(scene.ended).toBe(1);
  });

  it('sends everything once where the buffer is longer than the file', async () => {
    const tags = sampleTags(10_000);
    const scene = await Scene.started({ tags, bufferMs: 36_000_000 });
    expect(scene.ended).toBe(1);
    expect(scene.take()).toEqual(tags.slice(2).map(({ timestamp }) => timestamp));
    await scene.pass(1000);
    expect(scene.ended).toBe(1);
  });

  it('is heard when the client says how much it buffers', async () => {
    const scene = await Scene.started({ bufferMs: 0 });
    expect(Math.max(...scene.take())).toBe(1000);
    scene.clock.bufferMs = 5000;
    scene.player.clockChanged();
    await scene.pass(0);
    expect(Math.max(...scene.take())).toBe(5000);
  });

  it('waits for a socket that is full, and gives up on one that stands still', async () => {
    const scene = await Scene.started();
    scene.take();
    scene.pendingBytes = 10;
    await scene.pass(3000);
    scene.pendingBytes = 5;
    await scene.pass(3000);
    await scene.pass(3000);
    expect(scene.take()).toEqual([]);
    expect(scene.stalled).toBe(0);
    scene.pendingBytes = 0;
    await scene.pass(0);
    // The client has waited, too: it is not sent all that would have been due, but what it buffers.
    expect(Math.max(...scene.take())).toBeLessThanOrEqual(2100 + 2000);
    scene.pendingBytes = 7;
    for (let i = 0; i < 3; i += 1) await scene.pass(3000);
    expect(scene.stalled).toBe(1);
  });

  it('starts at a place: the picture leads up to it without time, the sound begins there', async () => {
    const scene = await Scene.started({ startMs: 2250, bufferMs: 0 });
    expect(scene.messages.slice(0, 3).map(({ messageTypeId }) => messageTypeId)).toEqual([18, 9, 8]);
    const video = scene.messages.filter(({ messageTypeId, payload }) => messageTypeId === 9 && payload[1] === 1);
    expect(video.slice(0, 5).map(({ timestamp }) => timestamp)).toEqual([0, 0, 0, 50, 150]);
    expect(video[0]?.payload[0]).toBe(0x17);
    expect(scene.take('audio')[0]).toBe(55);
  });

  it('plays for a time', async () => {
    const scene = await Scene.started({ startMs: 2000, durationMs: 1000, bufferMs: 60_000 });
    expect(Math.max(...scene.take())).toBe(905);
    expect(scene.ended).toBe(1);
  });

  it('plays one frame', async () => {
    const scene = await Scene.started({ startMs: 2000, durationMs: 0 });
    expect(scene.take('video')).toEqual([0]);
    expect(scene.ended).toBe(1);
  });

  describe('that seeks accurately', () => {
    const wordOf = ({ messageTypeId, timestamp, payload }: LiveMessage): string => {
      if (messageTypeId !== 9) return `${messageTypeId} ${timestamp}`;
      if (payload.length === 2) return `${payload[0]?.toString(16)} ${payload[1]} ${timestamp}`;
      return `${payload[1] === 0 ? 'header' : payload[0] === 0x17 ? 'key' : 'inter'} ${timestamp}`;
    };

    it('marks the frames that lead to the place, which all have its time', async () => {
      const scene = await Scene.started({ bufferMs: 60_000, accurateSeek: true });
      scene.take();
      await scene.player.seek(4250);
      await settled();
      const words = scene.messages.filter(({ messageTypeId }) => messageTypeId === 9).map(wordOf);
      expect(words.slice(0, 8)).toEqual([
        'header 4250',
        '57 0 4250',
        'key 4250',
        'inter 4250',
        'inter 4250',
        '57 1 4250',
        'inter 4300',
        'inter 4400',
      ]);
      expect(scene.take('audio')[0]).toBe(4305);
    });

    it('marks nothing where the place is a key frame', async () => {
      const scene = await Scene.started({ bufferMs: 60_000, accurateSeek: true });
      scene.take();
      await scene.player.seek(4000);
      await settled();
      const words = scene.messages.filter(({ messageTypeId }) => messageTypeId === 9).map(wordOf);
      expect(words.slice(0, 3)).toEqual(['header 4000', 'key 4000', 'inter 4100']);
    });

    it('marks what leads to the start of play, and to the end of the file', async () => {
      const scene = await Scene.started({ startMs: 2250, bufferMs: 60_000, accurateSeek: true });
      const words = scene.messages.filter(({ messageTypeId }) => messageTypeId === 9).map(wordOf);
      expect(words.slice(0, 7)).toEqual([
        ...['header 0', '57 0 0', 'key 0', 'inter 0', 'inter 0', '57 1 0', 'inter 50'],
      ]);
      scene.messages.splice(0);
      await scene.player.seek(9904);
      await settled();
      const atEnd = scene.messages.filter(({ messageTypeId }) => messageTypeId === 9).map(wordOf);
      expect(atEnd[1]).toBe('57 0 9904');
      expect(atEnd.at(-1)).toBe('57 1 9904');
      expect(scene.ended).toBe(2);
    });

    it('has the marks of the codec in use', async () => {
      const hevc = (timestamp: number, first: number): SampleTag => ({
        type: 'video',
        timestamp,
        payload: Uint8Array.of(first, 0x68, 0x76, 0x63, 0x31, 0, 0, 0, 1, 2),
      });
      const tags = [hevc(0, 0x90), hevc(0, 0x91), hevc(40, 0xa1), hevc(80, 0xa1)];
      const scene = await Scene.started({ tags, bufferMs: 60_000, accurateSeek: true });
      scene.messages.splice(0);
      await scene.player.seek(60);
      await settled();
      expect(scene.messages.map(({ timestamp, payload }) => [timestamp, payload[0], payload.length])).toEqual([
        ...[
          [60, 0x90, 10],
          [60, 0xd1, 2],
          [60, 0x91, 10],
          [60, 0xa1, 10],
          [60, 0xd1, 2],
          [80, 0xa1, 10],
        ],
      ]);
    });
  });

  it('tells who is slower than the recording, now and then', async () => {
    const scene = await Scene.started({ tags: sampleTags(600_000), bufferMs: 2000 });
    scene.pendingBytes = 1;
    await scene.pass(2500);
    expect(scene.behind).toBe(0);
    for (let i = 0; i < 20; i += 1) {
      scene.pendingBytes += 1;
      await scene.pass(1000);
    }
    expect(scene.behind).toBe(1);
    for (let i = 0; i < 20; i += 1) {
      scene.pendingBytes += 1;
      await scene.pass(1000);
    }
    expect(scene.behind).toBe(2);
  });

  it('tells nobody who catches up', async () => {
    const scene = await Scene.started({ tags: sampleTags(600_000), bufferMs: 1000 });
    for (let i = 0; i < 10; i += 1) {
      scene.pendingBytes = 1;
      await scene.pass(1500);
      scene.pendingBytes = 0;
      await scene.pass(500);
    }
    expect(scene.behind).toBe(0);
  });

  it('says once for each silence that a file which grows has no more', async () => {
    const source = new MemorySource(encodeSample(sampleTags(2000)));
    const file = await FlvFile.open(source);
    let isOver = false;
    const growing: MediaFile = {
      ...{
        durationMs: 2000,
        lastTimestamp: 2000,
        hasVideo: true,
        bytes: 1,
        start: file.start,
        metadata: file.metadata,
      },
      headersAt: () => [],
      seekPoint: (timeMs) => file.seekPoint(timeMs),
      keyFrameFrom: (timeMs) => file.keyFrameFrom(timeMs),
      reader: (position) => {
        const reader = file.reader(position);
        return {
          peek: () => reader.peek() ?? (isOver ? undefined : 'later'),
          skip: () => reader.skip(),
          fill: () => reader.fill(),
        };
      },
    };
    const scene = await Scene.open({ bufferMs: 60_000 });
    const player = scene.createPlayer(growing);
    await player.start();
    for (let i = 0; i < 30; i += 1) await scene.pass(1000);
    expect([scene.dry, scene.ended]).toEqual([1, 0]);
    isOver = true;
    await scene.pass(100);
    expect([scene.dry, scene.ended]).toEqual([1, 1]);
  });

  it('seeks to the key frame before, with the headers, also after the end', async () => {
    const scene = await Scene.started({ bufferMs: 60_000 });
    expect(scene.ended).toBe(1);
    scene.take();
    await scene.player.seek(4567);
    await settled();
    expect(scene.messages.slice(0, 3).map(({ timestamp, payload }) => [timestamp, payload[1]])).toEqual([
      [4000, 0],
      [4000, 0],
      [4000, 1],
    ]);
    expect(scene.ended).toBe(2);
    expect(scene.player.canSeek(-1)).toBe(false);
    expect(scene.player.canSeek(9905)).toBe(true);
    expect(scene.player.canSeek(9906)).toBe(false);
  });

  it('goes where it was sent last', async () => {
    const scene = await Scene.started({ bufferMs: 0 });
    scene.take();
    const seeks = [scene.player.seek(7000), scene.player.seek(5000)];
    await Promise.all(seeks);
    await settled();
    expect(scene.take()[0]).toBe(5000);
  });

  it('pauses, and goes on exactly after the place that the client says', async () => {
    const scene = await Scene.started({ bufferMs: 3000 });
    scene.take();
    scene.player.pause();
    await scene.pass(60_000);
    expect(scene.take()).toEqual([]);
    await scene.player.resume(1200);
    await settled();
    const times = scene.take();
    expect(times.slice(0, 2)).toEqual([1205, 1300]);
    expect(Math.max(...times)).toBeLessThanOrEqual(4205 + 100);
  });

  it.each([0, 9_999_999])('goes on where it stood when the client says %d', async (timeMs) => {
    const scene = await Scene.started({ bufferMs: 2000 });
    scene.take();
    scene.player.pause();
    await scene.pass(500);
    await scene.player.resume(timeMs);
    await settled();
    expect(scene.take()[0]).toBe(2005);
  });

  it('leaves out what is not wanted, and brings video back with a key frame', async () => {
    const scene = await Scene.started({ bufferMs: 1000 });
    scene.take();
    scene.player.select({ audio: true, video: false });
    await scene.pass(1000);
    expect(scene.take('video')).toEqual([]);
    scene.player.select({ audio: true, video: true });
    expect(scene.messages.map(({ payload }) => [...payload.subarray(0, 2)])).toEqual([[0x17, 0]]);
    await scene.pass(1500);
    expect(scene.take('video')[0]).toBe(3000);
  });

  it('goes on with another file without a gap', async () => {
    const scene = await Scene.started({ tags: sampleTags(1000), bufferMs: 10_000 });
    const before = scene.take('video').at(-1) ?? 0;
    const next = scene.createPlayer(scene.player.file, 0);
    await next.start({ atMs: scene.player.endMs });
    await settled();
    const after = scene.take('video');
    expect(after[0]).toBeGreaterThan(before);
    expect((after[0] ?? 0) - before).toBeLessThanOrEqual(100);
  });

  it('changes to another file at a key frame: each time is there once', async () => {
    const scene = await Scene.started({ bufferMs: 1000 });
    const file = scene.player.file;
    await scene.pass(500);
    let changed = false;
    scene.player.changeAt(3000, () => {
      changed = true;
      void scene.createPlayer(file).start({ fromMs: 3000, offsetMs: 0 });
    });
    for (let i = 0; i < 5; i += 1) await scene.pass(1000);
    expect(changed).toBe(true);
    const frames = scene.messages.filter(({ messageTypeId, payload }) => messageTypeId !== 18 && payload[1] === 1);
    for (const type of [8, 9]) {
      const times = frames.filter(({ messageTypeId }) => messageTypeId === type).map(({ timestamp }) => timestamp);
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      expect(times).toHaveLength(Math.floor((times.at(-1) ?? 0) / 100) + 1);
    }
  });

  it('plays what is sound of a damaged file', async () => {
    const sample = encodeSample(sampleTags(2000));
    const bytes = Buffer.concat([sample.subarray(0, 1500), Buffer.alloc(3000, 0xff), sample.subarray(1500, -30)]);
    const scene = await Scene.started({ bytes, bufferMs: 60_000 });
    expect(scene.ended).toBe(1);
    expect(scene.take('video').length).toBeGreaterThan(15);
  });

  it('ends at once where there is nothing', async () => {
    const scene = await Scene.started({ tags: [] });
    expect(scene.ended).toBe(1);
  });

  it('goes on behind a jump of time', async () => {
    const scene = await Scene.started({ tags: [keyFrame(50_000), keyFrame(0), sound(10), interFrame(40)] });
    expect(scene.take()).toEqual([50_000, 0, 10, 40]);
  });

  it('says when the file cannot be read any more', async () => {
    const source = new MemorySource(encodeSample(sampleTags(60_000, 3000)));
    const file = await FlvFile.open(source);
    const scene = await Scene.open();
    const player = scene.createPlayer(file);
    source.read = () => Promise.reject(new Error('EIO'));
    await player.start();
    await settled();
    expect(scene.failure).toMatchObject({ message: 'EIO' });
  });

  it('does nothing more once it is closed', async () => {
    const scene = await Scene.open();
    const starting = scene.player.start();
    scene.player.close();
    await starting;
    await scene.pass(1000);
    // The metadata was there at once.
    expect(scene.messages).toHaveLength(1);
  });
});
