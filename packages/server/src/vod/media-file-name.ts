import { type StreamKey, streamPath } from '../live/index.js';

const maxPartBytes = 240;

/**
 * Where the recording of a stream is, relative to `media.dir`: `app/name.flv` for the names `name`, `flv:name` and
 * `name.flv`. `undefined`: there can be none, or it would be outside, or hidden.
 */
export function mediaFileName({ app, name }: StreamKey): string | undefined {
  const path = streamPath({ app, name: bareName(name) });
  if (path === undefined) return undefined;
  const parts = path.slice(1).split('/');
  return parts.every(isSafe) ? `${parts.join('/')}.flv` : undefined;
}

function bareName(name: string): string {
  const unprefixed = name.startsWith('flv:') ? name.slice('flv:'.length) : name;
  return unprefixed.endsWith('.flv') ? unprefixed.slice(0, -'.flv'.length) : unprefixed;
}

/** Backslashes and colons lead elsewhere on Windows: `mp4:x` is another kind of file. */
function isSafe(part: string): boolean {
  return part !== '' && !part.startsWith('.') && !/[\\:]/.test(part) && Buffer.byteLength(part) <= maxPartBytes;
}
