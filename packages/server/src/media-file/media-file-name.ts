import { type StreamKey, streamPath } from '../live/index.js';

export const recordingSuffix = '.flv';
const prefix = 'flv:';

/** What file systems allow for one name, less our suffixes. */
const maxSegmentBytes = 240;
/** Characters that mean something else to some system. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const badCharacters = /[\u0000-\u001f\u007f<>"|?*]/;
const deviceNames = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;

/**
 * Where the recording of a stream is, relative to `media.dir`: `app/name.flv` for the names `name`, `flv:name` and
 * `name.flv`. `undefined`: there can be none, or it would be outside, or hidden.
 */
export function mediaFileName({ app, name }: StreamKey): string | undefined {
  const path = streamPath({ app, name: withoutSuffix(withoutPrefix(name)) });
  if (path === undefined) return undefined;
  const segments = path.slice(1).split('/');
  return segments.every(isReadable) ? segments.join('/') + recordingSuffix : undefined;
}

/**
 * The folders and the name of a new recording, without suffix, from a path with slashes. `undefined`: no file may be
 * called so, on any system: empty parts, `.` and `..`, hidden names, reserved characters and names, names that are too
 * long. `mediaFileName` allows more, for files that came there otherwise.
 */
export function recordingSegments(path: string): readonly string[] | undefined {
  const segments = withoutSuffix(path).split('/');
  return segments.every(isWritable) ? segments : undefined;
}

/** The name of a stream without the format that some clients put before it. */
export function withoutPrefix(name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

function withoutSuffix(path: string): string {
  return path.endsWith(recordingSuffix) ? path.slice(0, -recordingSuffix.length) : path;
}

/** Backslashes and colons lead elsewhere on Windows: `mp4:x` is another kind of file. */
function isReadable(segment: string): boolean {
  if (segment === '' || segment.startsWith('.') || /[\\:]/.test(segment)) return false;
  return Buffer.byteLength(segment) <= maxSegmentBytes;
}

function isWritable(segment: string): boolean {
  if (!isReadable(segment) || segment.endsWith('.') || /^\s|\s$/.test(segment)) return false;
  return !badCharacters.test(segment) && !deviceNames.test(segment) && !/\p{Surrogate}/u.test(segment);
}
