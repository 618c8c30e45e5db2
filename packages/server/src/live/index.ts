export {
  LiveStreams,
  type LiveStreamsOptions,
  type Publication,
  type PublishedStream,
  type PublisherInfo,
  type PublishOutcome,
  type Subscription,
} from './live-streams.js';
export type { PlayerSink } from './player.js';
export { type StreamKey, streamPath, trimApp } from './stream-key.js';
