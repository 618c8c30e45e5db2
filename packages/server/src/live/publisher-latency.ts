import {
  absoluteTimeMs,
  avcNalLengthBytes,
  findLatencySei,
  type MetadataDescription,
  parseCurrentTime,
  parseMetadata,
  type RawMessage,
} from '@millrace/protocol';
import type { MediaFacts } from './media-facts.js';

/** The ways in which publishers tell their clock; see docs/service-stream.md. */
export const latencyMethods = ['baseTime', 'currentTime', 'sei'] as const;
export type LatencyMethod = (typeof latencyMethods)[number];

/** Clocks that are set differ by seconds at most: more than that is a base time that was never one. */
export const maxPlausibleLatencyMs = 10 * 60 * 1000;
/** Frames are looked at no oftener: thousands come in a second. */
const sampleIntervalMs = 1000;
/** What a new figure counts against those before it. */
const weight = 1 / 4;
const defaultNalLengthBytes = 4;
/** Room for a name, a number, and what else a sender may add to it. */
const maxCurrentTimeBytes = 256;
/** AMF0: the string "currentTime". */
const currentTimeStart = Buffer.from('\x02\x00\x0bcurrentTime', 'latin1');

/** How long media take from the publisher to this server, by each way in which the publisher tells its clock. */
export class PublisherLatency {
  readonly #wallClock: () => number;
  readonly #figures = new Map<LatencyMethod, number>();
  #baseTimeMs: number | undefined;
  #nalLengthBytes = defaultNalLengthBytes;
  #nextBaseTimeMs = Number.NEGATIVE_INFINITY;
  #nextKeyFrameMs = Number.NEGATIVE_INFINITY;
  #nextInterFrameMs = Number.NEGATIVE_INFINITY;

  /** `wallClock`: Unix ms. */
  constructor(wallClock: () => number) {
    this.#wallClock = wallClock;
  }

  /**
   * ms, of the last seconds; `undefined`: the publisher does not tell, or nonsense. Below 0 where its clock is ahead of
   * ours by more than the way takes.
   */
  get(method: LatencyMethod): number | undefined {
    return this.#figures.get(method);
  }

  noteMetadata({ baseTimeMs }: MetadataDescription): void {
    this.#baseTimeMs = baseTimeMs;
    if (baseTimeMs === undefined) this.#figures.delete('baseTime');
  }

  /** A data message in AMF0 that is no metadata. */
  noteData(payload: Uint8Array): void {
    if (payload.length > maxCurrentTimeBytes || !currentTimeStart.every((byte, i) => payload[i] === byte)) return;
    const timeMs = parseCurrentTime(parseMetadata(payload));
    if (timeMs !== undefined) this.#keep('currentTime', this.#wallClock() - timeMs);
  }

  /** Audio or video. `nowMs`: monotonic clock. */
  noteMedia(message: RawMessage, media: MediaFacts, nowMs: number): void {
    if (this.#baseTimeMs !== undefined && nowMs >= this.#nextBaseTimeMs && media.isCoded) {
      this.#nextBaseTimeMs = nowMs + sampleIntervalMs;
      const now = this.#wallClock();
      this.#keep('baseTime', now - absoluteTimeMs(this.#baseTimeMs, message.timestamp, now));
    }
    if (media.videoCodec !== 'h264') return;
    if (media.headerKeys.length > 0) {
      this.#nalLengthBytes = avcNalLengthBytes(message.payload) ?? this.#nalLengthBytes;
    } else if (media.isCoded && this.#isSample(media.keyFrameTracks.length > 0, nowMs)) {
      const timeMs = findLatencySei(message.payload, this.#nalLengthBytes);
      if (timeMs !== undefined) this.#keep('sei', this.#wallClock() - timeMs);
    }
  }

  /** Some publishers mark key frames only: the frames between must not use up their turn. */
  #isSample(isKeyFrame: boolean, nowMs: number): boolean {
    if (nowMs < (isKeyFrame ? this.#nextKeyFrameMs : this.#nextInterFrameMs)) return false;
    this.#nextInterFrameMs = nowMs + sampleIntervalMs;
    if (isKeyFrame) this.#nextKeyFrameMs = nowMs + sampleIntervalMs;
    return true;
  }

  #keep(method: LatencyMethod, latencyMs: number): void {
    if (!(Math.abs(latencyMs) <= maxPlausibleLatencyMs)) return;
    const before = this.#figures.get(method) ?? latencyMs;
    this.#figures.set(method, before + (latencyMs - before) * weight);
  }
}
