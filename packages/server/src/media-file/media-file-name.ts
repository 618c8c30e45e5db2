import { type StreamKey, streamPath } from '../live/index.js';

export const recordingSuffix = '.flv';
const prefix = 'flv:';
const mp4Prefix = 'mp4:';
const mp4Suffixes = ['.mp4', '.f4v'] as const;

/** What file systems allow for one name, less our suffixes. */
const maxSegmentBytes = 240;
/** Characters that mean something else to some system. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const badCharacters = /[\u0000-\u001f\u007f<>"|?*]/;
const deviceNames = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;

/**
 * The files that a name may mean, relative to `media.dir`, in the order in which they are looked for. A name that says
 * no format means the FLV file, as there may be recordings of both; `mp4:name` means `name.mp4`, then `name.f4v`. Empty:
 * there can be none, or it would be outside, or hidden.
 */
export function mediaFileNames({ app, name }: StreamKey): readonly string[] {
  const flv = mediaFileName({ app, name });
  if (name.startsWith(prefix)) return flv === undefined ? [] : [flv];
  const isMp4 = name.startsWith(mp4Prefix);
  const bare = isMp4 ? name.slice(mp4Prefix.length) : name;
  const path = bare === '' ? undefined : readablePath({ app, name: bare });
  if (path === undefined) return [];
  const file = path.slice(path.lastIndexOf('/') + 1);
  const suffix = mp4Suffixes.find((one) => file.endsWith(one) && file !== one);
  if (suffix !== undefined) return isMp4 || flv === undefined ? [path] : [path, flv];
  if (isMp4) return mp4Suffixes.map((one) => path + one);
  return flv === undefined ? [] : bare.endsWith(recordingSuffix) ? [flv] : [flv, path + mp4Suffixes[0]];
}

/**
 * Where the FLV file of a stream is, relative to `media.dir`: `app/name.flv` for the names `name`, `flv:name` and
 * `name.flv`. `undefined`: there can be none, or it would be outside, or hidden.
 */
export function mediaFileName({ app, name }: StreamKey): string | undefined {
  const path = readablePath({ app, name: withoutSuffix(withoutPrefix(name)) });
  return path === undefined ? undefined : path + recordingSuffix;
}

function readablePath(key: StreamKey): string | undefined {
  const path = streamPath(key)?.slice(1);
  return path?.split('/').every(isReadableSegment) === true ? path : undefined;
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

/** Whether a name says a way out of its folder. Nobody is kept waiting for a live stream of that name. */
export function leadsOut({ app, name }: StreamKey): boolean {
  const bare = name.startsWith(mp4Prefix) ? name.slice(mp4Prefix.length) : withoutPrefix(name);
  return bare.startsWith('/') || `${app}/${bare}`.split(/[/\\]/).includes('..');
}

/** Backslashes and colons lead elsewhere on Windows: `mp4:x` is another kind of file. */
export function isReadableSegment(segment: string): boolean {
  if (segment === '' || segment.startsWith('.') || /[\\:]/.test(segment)) return false;
  return Buffer.byteLength(segment) <= maxSegmentBytes;
}

function isWritable(segment: string): boolean {
  if (!isReadableSegment(segment) || segment.endsWith('.') || /^\s|\s$/.test(segment)) return false;
  return !badCharacters.test(segment) && !deviceNames.test(segment) && !/\p{Surrogate}/u.test(segment);
}
