export { type ByteSource, fileSource } from './byte-source.js';
export { isInside } from './is-inside.js';
export { type FileTag, type MediaFile, type MediaReader, messageOf, type SeekPoint } from './media-file.js';
export { leadsOut, mediaFileNames, recordingSegments, recordingSuffix, withoutPrefix } from './media-file-name.js';
export { isNotThere, type OpenMediaFile, openMediaFile } from './open-media-file.js';
export { type RecordingFormat, type RecordingPath, recordingPath } from './recording-path.js';
export { readWindow, WindowCache } from './window-cache.js';
