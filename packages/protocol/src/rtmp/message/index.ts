export { type AggregateLimits, joinAggregate, splitAggregate } from './aggregate.js';
export { type CommandHead, readUnsupportedCommand } from './command-head.js';
export { decodeMessage } from './decode-message.js';
export { encodeMessage } from './encode-message.js';
export type {
  AbortMessage,
  AcknowledgementMessage,
  AggregateMessage,
  AudioMessage,
  CommandMessage,
  DataMessage,
  Message,
  MessageEncoding,
  MessageHeader,
  MessageInput,
  PeerBandwidthLimitType,
  SetChunkSizeMessage,
  SetPeerBandwidthMessage,
  SharedObjectMessage,
  UnknownMessage,
  UserControlMessage,
  VideoMessage,
  WindowAckSizeMessage,
} from './message.js';
export { messageTypes } from './message-type.js';
export type { RawMessage } from './raw-message.js';
export {
  decodeSharedObject,
  encodeSharedObject,
  type SharedObjectContent,
  type SharedObjectContentInput,
  type SharedObjectEvent,
  type SharedObjectEventInput,
  type SharedObjectLimits,
  sharedObjectEventTypes,
} from './shared-object.js';
export { type StatusCode, type StatusLevel, statusCodes, statusLevel, statusObject } from './status.js';
export { decodeUserControl, encodeUserControl, type UserControlEvent, userControlEventTypes } from './user-control.js';
