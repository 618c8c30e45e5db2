import { createHash } from 'node:crypto';
import { FlvDemuxer } from '@millrace/protocol';
import WebSocket from 'ws';

/** A tag of an FLV stream, as bytes on the wire: what the server must hand on unchanged. */
export interface CapturedTag {
  /** 8 audio, 9 video, 18 script data. */
  readonly tagType: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** An FLV stream that is being received. */
export interface FlvCapture {
  readonly tags: readonly CapturedTag[];
  /** Everything received so far. */
  bytes(): Uint8Array;
  /** Resolves with the server's end of the stream, rejects if it broke. */
  readonly ended: Promise<void>;
  /** Resolves when `count` tags are there; rejects if the stream ends earlier. */
  tagCount(count: number): Promise<void>;
  close(): void;
}

class Collector {
  readonly tags: CapturedTag[] = [];
  #parts: Uint8Array[] = [];
  #demuxer = new FlvDemuxer();
  #waiting: { count: number; resolve: () => void; reject: (error: Error) => void }[] = [];

  push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#demuxer.push(bytes);
    for (let item = this.#demuxer.next(); item; item = this.#demuxer.next()) {
      if (item.kind === 'tag') this.tags.push(item);
    }
    for (const waiter of this.#waiting) if (this.tags.length >= waiter.count) waiter.resolve();
  }

  end(): void {
    for (const waiter of this.#waiting) waiter.reject(new Error(`the stream ended after ${this.tags.length} tags`));
  }

  tagCount(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.tags.length >= count) resolve();
      else this.#waiting.push({ count, resolve, reject });
    });
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

function capture(collector: Collector, ended: Promise<void>, close: () => void): FlvCapture {
  const watched = ended.finally(() => collector.end());
  // A capture that a test does not wait for may break when the server stops: that is no failure of the test.
  watched.catch(() => undefined);
  return {
    tags: collector.tags,
    bytes: () => collector.bytes(),
    ended: watched,
    tagCount: (count) => collector.tagCount(count),
    close,
  };
}

/** GETs a live FLV stream; rejects unless the answer is 200 video/x-flv. */
export async function captureHttpFlv(url: string): Promise<FlvCapture> {
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  const type = response.headers.get('content-type');
  if (type !== 'video/x-flv') throw new Error(`${url} answered with content type ${type}`);
  const body = response.body;
  if (!body) throw new Error(`${url} has no body`);
  const collector = new Collector();
  const ended = (async () => {
    for await (const bytes of body) collector.push(bytes);
  })();
  return capture(collector, ended, () => controller.abort());
}

/** Opens a live FLV stream over WebSocket: binary messages whose concatenation is the FLV stream. */
export function captureWebSocketFlv(url: string): Promise<FlvCapture> {
  return new Promise((resolve, reject) => {
    const collector = new Collector();
    const socket = new WebSocket(url);
    const ended = new Promise<void>((end, broken) => {
      socket.once('close', () => end());
      socket.once('error', (error) => {
        broken(error);
        reject(error);
      });
    });
    socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) collector.push(data);
    });
    const captured = capture(collector, ended, () => socket.terminate());
    socket.once('open', () => resolve(captured));
  });
}

/** The tags of a complete FLV file. */
export function tagsOf(bytes: Uint8Array): readonly CapturedTag[] {
  const collector = new Collector();
  collector.push(bytes);
  return collector.tags;
}

/** The audio and video tags, each as one comparable line. */
export function mediaLines(tags: readonly CapturedTag[]): string[] {
  return tags
    .filter((tag) => tag.tagType !== 18)
    .map((tag) => {
      const hash = createHash('md5').update(tag.payload).digest('hex').slice(0, 12);
      return `${tag.tagType === 8 ? 'audio' : 'video'} ${tag.timestamp} ${tag.payload.length} ${hash}`;
    });
}

/**
 * What differs between the media that a late joiner got and what was published, undefined if nothing does: first some
 * of the publisher's own sequence headers, at times of the server's choosing, then the publication's tail, unchanged.
 */
export function differenceFromTail(received: readonly string[], published: readonly string[]): string | undefined {
  let tail = 0;
  while (tail < received.length && received.at(-1 - tail) === published.at(-1 - tail)) tail += 1;
  if (tail === 0) return `it ends with ${received.at(-1)}, not with ${published.at(-1)}`;
  const withoutTime = (line: string): string => line.replace(/ \d+/, '');
  const beginning = new Set(published.slice(0, maxHeaders).map(withoutTime));
  const headers = received.slice(0, received.length - tail);
  const stranger = headers.findLast((line) => !beginning.has(withoutTime(line)));
  if (stranger !== undefined) return `before the last ${tail} of ${received.length} tags it has ${stranger}`;
  return undefined;
}

/** Sequence headers, colour and channel descriptions of every track stand among the first tags of a publication. */
const maxHeaders = 16;

/** What a legacy tag (H.264, AAC, script data) is, in a word, for tests of the order in which a player gets things. */
export function describeTag(tag: CapturedTag): string {
  const [first = 0, second = 0] = tag.payload;
  if (tag.tagType === 18) return 'metadata';
  if (tag.tagType === 8) return second === 0 ? 'audio sequence header' : 'audio';
  if (second === 0) return 'video sequence header';
  return first >> 4 === 1 ? 'key frame' : 'inter frame';
}
