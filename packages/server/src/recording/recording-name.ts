import { recordingSegments, withoutPrefix } from '../media-file/index.js';
import type { FileFormat } from './recording-place.js';

/** What a recording is to be called, and what it is to be. */
export interface RecordingName {
  /** Folders and name, without suffix. */
  readonly segments: readonly string[];
  readonly format: FileFormat;
}

const mp4Prefix = 'mp4:';
const mp4Suffix = '.mp4';

/** Of the stream that a publisher wants recorded: MP4 for `mp4:NAME` and `NAME.mp4`, else FLV. `undefined`: no file may be called so. */
export function nameForStream(app: string, name: string): RecordingName | undefined {
  const isMp4 = name.startsWith(mp4Prefix);
  const bare = isMp4 ? name.slice(mp4Prefix.length) : withoutPrefix(name);
  const found = nameOfFile(`${app}/${bare}`);
  return found && isMp4 ? { ...found, format: 'mp4' } : found;
}

/** Of a path with slashes, which tells by its suffix. `undefined`: no file may be called so. */
export function nameOfFile(path: string): RecordingName | undefined {
  const isMp4 = path.endsWith(mp4Suffix);
  const segments = recordingSegments(isMp4 ? path.slice(0, -mp4Suffix.length) : path);
  return segments && { segments, format: isMp4 ? 'mp4' : 'flv' };
}
