/*
 * Two of the three ways in which a publisher tells its clock; the third is in latency-sei.ts.
 *
 *   Base time: `cu_basetime` in onMetaData, UTC ms at timestamp 0; `describeMetadata` reads it.
 *
 *   Periodic message, a data message every 15 s:
 *
 *   +---------------+-----------------+
 *   | "currentTime" | UTC ms, number  |
 *   +---------------+-----------------+
 */
import { encodeAmf0 } from '../amf/index.js';
import { RtmpUsageError } from '../bytes/index.js';
import type { DataFrame } from './metadata.js';

const currentTimeHandler = 'currentTime';
/** As seconds this is the year 5138, as milliseconds 1973. */
const firstMilliseconds = 1e11;
/** How far from 1970 a Date of ECMAScript may be. */
const maxTimeMs = 8.64e15;
const timestampRange = 2 ** 32;

/**
 * When the publisher had what bears `timestamp`: UTC ms by its clock. Timestamps are 32 bits wide and start again after
 * 49.7 days; of the times that `timestamp` may stand for, the one nearest to `nowMs` is given, and none before `baseTimeMs`.
 */
export function absoluteTimeMs(baseTimeMs: number, timestamp: number, nowMs: number): number {
  const first = baseTimeMs + timestamp;
  const rounds = Math.round((nowMs - first) / timestampRange);
  return first + Math.max(0, rounds) * timestampRange;
}

/**
 * The publisher's clock, UTC ms, from a `currentTime` message; seconds, as an early draft has it, are told by their size.
 * `undefined`: another message, or no usable number. Never throws.
 */
export function parseCurrentTime(frame: Pick<DataFrame, 'handler' | 'values'>): number | undefined {
  const value = frame.values[0];
  if (frame.handler !== currentTimeHandler || typeof value !== 'number' || !(value > 0)) return undefined;
  const unixMs = value < firstMilliseconds ? value * 1000 : value;
  return unixMs <= maxTimeMs ? unixMs : undefined;
}

/**
 * The payload of a `currentTime` data message (type 18), newly made.
 *
 * @throws RtmpUsageError `ERR_FLV_LATENCY_TIME` for a time that `parseCurrentTime` would not give back.
 */
export function encodeCurrentTime(unixMs: number): Uint8Array {
  if (!(unixMs >= firstMilliseconds && unixMs <= maxTimeMs)) {
    throw new RtmpUsageError('ERR_FLV_LATENCY_TIME', `${unixMs} is no time in ms since 1970`);
  }
  return encodeAmf0([currentTimeHandler, unixMs]);
}
