import { memberOf } from './member-of.js';

/** Where mpegts.js keeps what it made of a stream. */
const path = ['_player_engine', '_transmuxer', '_controller', '_remuxer'];

/**
 * Which timestamp of the stream stands at 0 in the video element, ms: mpegts.js counts from the first frame, and has no
 * public way to be asked for it. `undefined`: nothing has come yet, or a version keeps it elsewhere.
 */
export function timestampBaseMs(player: object): number | undefined {
  let place: unknown = player;
  for (const name of path) place = memberOf(place, name);
  const ask = memberOf(place, 'getTimestampBase');
  const base: unknown = typeof ask === 'function' ? ask.call(place) : undefined;
  return typeof base === 'number' && Number.isFinite(base) ? base : undefined;
}
