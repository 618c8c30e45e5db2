import { encodeAmf0, FlvDemuxer, type FlvTag, flvTagTypes, RtmpUsageError } from '@millrace/protocol';
import type { NetStream } from './net-stream.js';

/** The bytes of an FLV file: all of them, in pieces, or a function that starts over with each call. */
export type FlvSource =
  | Uint8Array
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | (() => AsyncIterable<Uint8Array> | Iterable<Uint8Array>);

export interface PublishFlvOptions {
  /** Sends at the pace of the timestamps, as a camera would; default `true`. `false`: as fast as the network takes it. */
  readonly realtime?: boolean;
  /** Starts over at the end, with timestamps that go on; needs bytes or a function as source. Default `false`. */
  readonly loop?: boolean;
  /** Ends the publication: the call resolves. */
  readonly signal?: AbortSignal;
}

export interface PublishedFlv {
  /** Messages sent. */
  readonly messages: number;
  /** From the first timestamp to the last that were sent, in milliseconds. */
  readonly durationMs: number;
}

/** From one round of a loop to the next, where a file's own last step is of no use. */
const defaultStepMs = 40;
const setDataFrame = encodeAmf0(['@setDataFrame']);
const onMetaData = encodeAmf0(['onMetaData']);

/**
 * Sends an FLV file on a stream that publishes, until it ends or `signal` is aborted. `onMetaData` goes out as
 * `@setDataFrame`, which makes servers keep it for those who come later. The stream stays open.
 *
 * Throws `RtmpRemoteError` `ERR_FLV_…` for a file that is damaged (what comes before the damage has been sent),
 * `RtmpConnectionError` when the connection is lost, and what the source throws.
 */
export async function publishFlv(
  stream: NetStream,
  source: FlvSource,
  options: PublishFlvOptions = {},
): Promise<PublishedFlv> {
  const { realtime = true, loop = false, signal } = options;
  const pieces = replay(source, loop);
  const pace = realtime ? new Pace(signal) : undefined;
  const timeline = new LoopTimeline();
  let messages = 0;
  do {
    const before = messages;
    for await (const tag of readTags(pieces())) {
      const timestamp = timeline.place(tag);
      await pace?.wait(timestamp);
      if (signal?.aborted) return { messages, durationMs: timeline.durationMs };
      const flowing = stream.sendMessage({
        messageTypeId: tag.tagType,
        timestamp: timestamp >>> 0,
        payload: messagePayload(tag),
      });
      messages += 1;
      if (!flowing) await stream.drained();
    }
    // A file without a tag would loop for ever without a pause.
    if (messages === before) break;
    timeline.startOver();
  } while (loop);
  return { messages, durationMs: timeline.durationMs };
}

function replay(source: FlvSource, loop: boolean): () => AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (typeof source === 'function') return source;
  if (source instanceof Uint8Array) return () => [source];
  if (loop) {
    throw new RtmpUsageError('ERR_FLV_NOT_REPEATABLE', 'loop needs bytes or a function as source: an iterable ends');
  }
  return () => source;
}

async function* readTags(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<FlvTag> {
  const demuxer = new FlvDemuxer();
  for await (const piece of pieces) {
    demuxer.push(piece);
    for (let item = demuxer.next(); item; item = demuxer.next()) {
      // Encrypted tags cannot be sent: RTMP has no place for their header.
      if (item.kind === 'tag' && !item.filtered) yield item;
    }
  }
  demuxer.end();
}

function messagePayload(tag: FlvTag): Uint8Array {
  if (tag.tagType !== flvTagTypes.script || !onMetaData.every((byte, at) => tag.payload[at] === byte))
    return tag.payload;
  const payload = new Uint8Array(setDataFrame.length + tag.payload.length);
  payload.set(setDataFrame);
  payload.set(tag.payload, setDataFrame.length);
  return payload;
}

/** Lays the rounds of a loop end to end. */
class LoopTimeline {
  #offset = 0;
  #first: number | undefined;
  #last = 0;
  #stepMs = defaultStepMs;
  #lastVideo: number | undefined;

  get durationMs(): number {
    return this.#first === undefined ? 0 : this.#last - this.#first;
  }

  place(tag: FlvTag): number {
    const timestamp = tag.timestamp + this.#offset;
    this.#first ??= timestamp;
    this.#last = Math.max(this.#last, timestamp);
    if (tag.tagType === flvTagTypes.video) {
      const step = timestamp - (this.#lastVideo ?? timestamp);
      if (step > 0 && step <= 1_000) this.#stepMs = step;
      this.#lastVideo = timestamp;
    }
    return timestamp;
  }

  startOver(): void {
    // The first round has no offset, so that what is first in it is the start of every round.
    this.#offset = this.#last + this.#stepMs - (this.#first ?? 0);
    this.#lastVideo = undefined;
  }
}

/** Waits until a timestamp's time has come, counted from the first. */
class Pace {
  readonly #signal: AbortSignal | undefined;
  #startMs: number | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  async wait(timestamp: number): Promise<void> {
    const nowMs = performance.now();
    this.#startMs ??= nowMs - timestamp;
    const waitMs = this.#startMs + timestamp - nowMs;
    if (waitMs < 1) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.#signal?.addEventListener('abort', done, { once: true });
      if (this.#signal?.aborted) done();
    });
  }
}
