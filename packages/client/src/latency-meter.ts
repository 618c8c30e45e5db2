import {
  type AmfValue,
  absoluteTimeMs,
  avcNalLengthBytes,
  describeMetadata,
  findLatencySei,
  parseCurrentTime,
} from '@millrace/protocol';
import type { NetStreamEvent } from './net-stream-event.js';

/** How a publisher may tell its clock; see docs/service-stream.md. */
export type LatencyMethod = 'baseTime' | 'currentTime' | 'sei';

export interface ClockOptions {
  /** What is added to this machine's clock to get the server's, ms; `fetchClockOffset` asks for it. Default 0. */
  readonly clockOffsetMs?: number;
}

/**
 * From the publisher's clock to ours, in ms, by each way in which the publisher tells its clock. Absent: not told, or
 * nonsense. Below 0 where the clocks differ by more than the way takes.
 */
export type Latency = { readonly [Method in LatencyMethod]?: number };

/** Clocks that are set differ by seconds at most: more than that is a base time that was never one. */
const maxPlausibleMs = 10 * 60 * 1000;
const defaultNalLengthBytes = 4;

/** Measures how long what a stream plays has been on its way. */
export class LatencyMeter {
  readonly #clockOffsetMs: number;
  #baseTimeMs: number | undefined;
  #nalLengthBytes = defaultNalLengthBytes;
  #latest: Latency = {};

  constructor({ clockOffsetMs = 0 }: ClockOptions = {}) {
    this.#clockOffsetMs = clockOffsetMs;
  }

  /** The newest figure of each way. */
  get latency(): Latency {
    return this.#latest;
  }

  /**
   * What one event says, which is to be taken as it arrives. `nowMs`: UTC ms of this machine's clock when it did. The
   * figures of one event can be compared with each other: they are of the same moment. Never throws.
   */
  take(event: NetStreamEvent, nowMs = Date.now()): Latency {
    const now = nowMs + this.#clockOffsetMs;
    switch (event.type) {
      case 'video':
        this.#nalLengthBytes = avcNalLengthBytes(event.payload) ?? this.#nalLengthBytes;
        return this.#keep(now, {
          baseTime: this.#timeOf(event.timestamp, now),
          sei: findLatencySei(event.payload, this.#nalLengthBytes),
        });
      case 'audio':
        return this.#keep(now, { baseTime: this.#timeOf(event.timestamp, now) });
      case 'data':
        return this.#takeData(event.values ?? [], event.timestamp, now);
      case 'status':
      case 'playStatus':
      case 'userControl':
        return {};
      default:
        return event satisfies never;
    }
  }

  #takeData(values: readonly AmfValue[], timestamp: number, now: number): Latency {
    const [handler, ...rest] = values;
    if (typeof handler !== 'string') return {};
    const frame = { handler, values: rest, setDataFrame: false, complete: true };
    const metadata = describeMetadata(frame);
    if (metadata) {
      // Another publisher may have taken over, and say nothing of its clock.
      this.#baseTimeMs = metadata.baseTimeMs;
      if (metadata.baseTimeMs === undefined) this.#latest = withoutBaseTime(this.#latest);
      return {};
    }
    const currentTime = parseCurrentTime(frame);
    if (currentTime === undefined) return {};
    return this.#keep(now, { currentTime, baseTime: this.#timeOf(timestamp, now) });
  }

  #timeOf(timestamp: number, now: number): number | undefined {
    return this.#baseTimeMs === undefined ? undefined : absoluteTimeMs(this.#baseTimeMs, timestamp, now);
  }

  /** `times`: the publisher's clock, by each way. */
  #keep(now: number, times: { readonly [Method in LatencyMethod]?: number | undefined }): Latency {
    const figures = Object.entries(times).flatMap(([method, time]) => {
      const figure = time === undefined ? undefined : now - time;
      return figure !== undefined && Math.abs(figure) <= maxPlausibleMs ? [[method, figure] as const] : [];
    });
    const latency: Latency = Object.fromEntries(figures);
    this.#latest = { ...this.#latest, ...latency };
    return latency;
  }
}

function withoutBaseTime({ baseTime: _, ...others }: Latency): Latency {
  return others;
}
