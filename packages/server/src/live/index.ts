export { encodeAmf0Form } from './amf0-form.js';
export { FanOut, type Flushable } from './fan-out.js';
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
