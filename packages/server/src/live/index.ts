export { encodeAmf0Form } from './amf0-form.js';
export { readPublishedData } from './data-message.js';
export { FanOut, type Flushable } from './fan-out.js';
export { shiftAfter } from './hand-over.js';
export { JoinHeaders } from './join-headers.js';
export { amf0Payload, type LiveMessage } from './live-message.js';
export type { PlayerFacts, PlayerFormat } from './live-stream.js';
export {
  LiveStreams,
  type LiveStreamsOptions,
  type ObservedStream,
  type Publication,
  type PublicationObserver,
  type PublishedStream,
  type PublisherInfo,
  type PublishOutcome,
  type Subscription,
} from './live-streams.js';
export { readMediaFacts } from './media-facts.js';
export { observeAll } from './observe-all.js';
export type { PlayerSink } from './player.js';
export { type LatencyMethod, latencyMethods } from './publisher-latency.js';
export { type StreamKey, streamPath, trimApp } from './stream-key.js';
export { chunkedEncoding, flvEncoding, type MediaSelection, rtmpEncoding, type WireEncoding } from './wire-encoding.js';
