export { isInside } from './is-inside.js';
export { mediaFileName, recordingSegments, recordingSuffix, withoutPrefix } from './media-file-name.js';
