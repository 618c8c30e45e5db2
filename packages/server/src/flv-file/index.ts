export { closeFlv, cutFlv, type FinishOutcome, finishFlv } from './finish-flv.js';
export { FlvFile } from './flv-file.js';
export {
  encodeOpenHead,
  type FlvHead,
  headBytes,
  isServersRecording,
  newHead,
  readPublishedProperties,
} from './flv-head.js';
export { type FlvDamage, FlvScanner } from './flv-scanner.js';
export { FlvTally } from './flv-tally.js';
export { type FlvReport, type FlvTrackReport, inspectFlv } from './inspect-flv.js';
export { KeyFrameIndex } from './key-frame-index.js';
export { readRecordingMetadata } from './recording-metadata.js';
export { type Progress, type RewriteReport, rewriteFlv } from './rewrite-flv.js';
export { type FlvSurvey, surveyFlv } from './survey-flv.js';
export { TagReader } from './tag-reader.js';
export { writeAll } from './write-all.js';
