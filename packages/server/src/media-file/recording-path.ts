import { type StreamKey, streamPath } from '../live/index.js';
import { isReadableSegment, mediaFileName } from './media-file-name.js';

export type RecordingFormat = 'flv' | 'mp4' | 'f4v';

/** A recording by its place within `media.dir`. */
export interface RecordingPath {
  /** With slashes: `live/show.flv`. */
  readonly path: string;
  readonly format: RecordingFormat;
  /** The application and the name that it is played by: `live` and `show`, `mp4:show.mp4`. */
  readonly key: StreamKey;
}

const formats: ReadonlyMap<string, RecordingFormat> = new Map([
  ['flv', 'flv'],
  ['mp4', 'mp4'],
  ['f4v', 'f4v'],
]);

/**
 * What a path within `media.dir` names: the first folder is the application. `undefined`: it can be no recording, as it is
 * hidden, leads elsewhere, has another suffix or no application, or nobody could play it.
 */
export function recordingPath(path: string): RecordingPath | undefined {
  // Checked before anything looks at the characters: it comes from strangers.
  if (path.length > 2048) return undefined;
  const format = formats.get(path.slice(path.lastIndexOf('.') + 1));
  const slash = path.indexOf('/');
  if (format === undefined || slash < 0 || !path.split('/').every(isReadableSegment)) return undefined;
  const file = path.slice(slash + 1);
  const bare = file.slice(0, -format.length - 1);
  if (bare === '' || bare.endsWith('/')) return undefined;
  const key = { app: path.slice(0, slash), name: format === 'flv' ? flvName(bare, file) : `mp4:${file}` };
  if (streamPath(key) === undefined) return undefined;
  if (format === 'flv' && mediaFileName(key) !== path) return undefined;
  return { path, format, key };
}

/** A name that ends in a suffix is taken for that format: such a file is played by its whole name. */
function flvName(bare: string, file: string): string {
  return formats.has(bare.slice(bare.lastIndexOf('.') + 1)) && bare.includes('.') ? file : bare;
}
