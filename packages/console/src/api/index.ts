export type {
  RecordingInfo,
  RecordingList,
  ServerInfo,
  SharedObjectContent,
  SharedObjectInfo,
  SharedObjectSlot,
  StreamInfo,
} from 'millrace/api';
export { backoffMs } from './backoff.js';
export { deleteRecording } from './delete-recording.js';
export { ServerClock } from './server-clock.js';
export { type ObjectsWish, type RecordingsWish, ServerPoller } from './server-poller.js';
