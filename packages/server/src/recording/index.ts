export {
  FileRecording,
  type FileRecordingOptions,
  type FileRecordingOutcome,
  formatOf,
  partOf,
} from './file-recording.js';
export { FlvWriter } from './flv-writer.js';
export { RecordingClock } from './recording-clock.js';
export { RecordingError } from './recording-error.js';
export { type RecordedFile, Recordings, type TellPublisher } from './recordings.js';
export { WriteQueue } from './write-queue.js';
