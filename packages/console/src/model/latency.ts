import type { StreamInfo } from '../api/index.js';
import { formatSeconds, joinKnown } from './format.js';

/** Clocks that are set differ by seconds at most: more than that is a clock that was never set. */
const maxPlausibleMs = 10 * 60 * 1000;
/** Timestamps of RTMP begin again at 0 after 49.7 days. */
const timestampRangeMs = 2 ** 32;

/** `41 ms`, `1.2 s`; `< 0 ms` where one clock is ahead of the other. */
export function formatLatency(ms: number): string {
  if (ms < 0) return '< 0 ms';
  return ms < 999.5 ? `${Math.round(ms)} ms` : formatSeconds(ms / 1000);
}

/** From the publisher to the server; the figures of further ways come as `others`. `undefined`: it is not known. */
export function publishLatency(latency: StreamInfo['latency']): { ms: number; others?: string } | undefined {
  const ways = [
    ['base time', latency?.baseTimeMs],
    ['SEI', latency?.seiMs],
    ['currentTime', latency?.currentTimeMs],
  ] as const;
  const [best, ...rest] = ways.flatMap(([name, ms]) => (ms === undefined ? [] : [{ name, ms }]));
  if (best === undefined) return undefined;
  const others = joinKnown(...rest.map(({ name, ms }) => `${name} ${formatLatency(ms)}`));
  return others === '' ? { ms: best.ms } : { ms: best.ms, others };
}

/** What the page knows of what its player shows. */
export interface ShownMedia {
  /**
   * When the publisher had what is shown now, UTC ms by its clock; `undefined`: it does not tell it with each frame. 2³² ms
   * too little for each time that its timestamps have begun again.
   */
  readonly publishedAtMs: number | undefined;
  /** Between the picture and the newest byte here. */
  readonly behindSeconds: number | undefined;
}

/**
 * From the publisher to the picture, as text. Where the publisher does not tell the time of each frame it is about what the
 * server measures and what waits here. `serverNowMs`: the server's clock.
 */
export function formatPublishToPlay(
  latency: StreamInfo['latency'],
  shown: ShownMedia,
  serverNowMs: number | undefined,
): string | undefined {
  if (shown.publishedAtMs !== undefined && serverNowMs !== undefined) {
    const sinceMs = serverNowMs - shown.publishedAtMs;
    const ms = sinceMs - Math.round(sinceMs / timestampRangeMs) * timestampRangeMs;
    if (Math.abs(ms) <= maxPlausibleMs) return formatLatency(ms);
  }
  const toServer = publishLatency(latency);
  if (toServer === undefined || shown.behindSeconds === undefined) return undefined;
  return `≈ ${formatLatency(toServer.ms + shown.behindSeconds * 1000)}`;
}
