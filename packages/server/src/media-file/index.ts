export { isInside } from './is-inside.js';
export { leadsOut, mediaFileNames, recordingSegments, recordingSuffix, withoutPrefix } from './media-file-name.js';
export { isNotThere, type OpenMediaFile, openMediaFile } from './open-media-file.js';
export { type RecordingFormat, type RecordingPath, recordingPath } from './recording-path.js';
