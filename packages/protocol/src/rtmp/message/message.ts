import type { AmfInput, AmfValue } from '../../amf/index.js';
import type { UserControlEvent } from './user-control.js';

/** What every message carries beside its content. */
export interface MessageHeader {
  /** Milliseconds, 0 … 2³²−1, wrapping. Control messages ignore it. */
  readonly timestamp: number;
  /** 0 is the control stream. */
  readonly messageStreamId: number;
}

/** `amf0`: message types 18, 19, 20. `amf3`: types 15, 16, 17, whose body begins with a format byte. [Errata §7.2] */
export type MessageEncoding = 'amf0' | 'amf3';

/** The sender's chunks hold up to `chunkSize` bytes from the next chunk on. [RTMP §5.4.1] */
export interface SetChunkSizeMessage extends MessageHeader {
  readonly type: 'setChunkSize';
  /** 1 … 2³¹−1. */
  readonly chunkSize: number;
}

/** The message begun on that chunk stream will not be finished. [RTMP §5.4.2, Errata §6] */
export interface AbortMessage extends MessageHeader {
  readonly type: 'abort';
  readonly chunkStreamId: number;
}

/** [RTMP §5.4.3] */
export interface AcknowledgementMessage extends MessageHeader {
  readonly type: 'acknowledgement';
  /** Bytes received so far, modulo 2³². */
  readonly sequenceNumber: number;
}

/** [RTMP §6.2] */
export interface UserControlMessage extends MessageHeader {
  readonly type: 'userControl';
  readonly event: UserControlEvent;
}

/** [RTMP §5.4.4] */
export interface WindowAckSizeMessage extends MessageHeader {
  readonly type: 'windowAckSize';
  /** Bytes, 0 … 2³²−1 as on the wire. */
  readonly windowAckSize: number;
}

export type PeerBandwidthLimitType = 'hard' | 'soft' | 'dynamic';

/** [RTMP §5.4.5] */
export interface SetPeerBandwidthMessage extends MessageHeader {
  readonly type: 'setPeerBandwidth';
  /** Bytes that may be sent and not acknowledged, 0 … 2³²−1 as on the wire. */
  readonly windowAckSize: number;
  readonly limitType: PeerBandwidthLimitType;
}

export interface AudioMessage extends MessageHeader {
  readonly type: 'audio';
  /** An FLV audio tag body. The bytes of the raw message, not copied. */
  readonly payload: Uint8Array;
}

export interface VideoMessage extends MessageHeader {
  readonly type: 'video';
  /** An FLV video tag body. The bytes of the raw message, not copied. */
  readonly payload: Uint8Array;
}

interface DataContent<Value> extends MessageHeader {
  readonly type: 'data';
  readonly encoding: MessageEncoding;
  /** The handler's name first (`@setDataFrame`, `onMetaData`, …), by custom. May be empty. */
  readonly values: readonly Value[];
}

interface CommandContent<Value> extends MessageHeader {
  readonly type: 'command';
  readonly encoding: MessageEncoding;
  readonly name: string;
  /** 0: no answer is wanted. In `_result` and `_error`: the number of the command that is answered. */
  readonly transactionId: number;
  /** `null` where the command has none. */
  readonly commandObject: Value;
  readonly args: readonly Value[];
}

export type DataMessage = DataContent<AmfValue>;
export type CommandMessage = CommandContent<AmfValue>;

/** The body is not looked into: `decodeSharedObject` says what is in it. */
export interface SharedObjectMessage extends MessageHeader {
  readonly type: 'sharedObject';
  readonly encoding: MessageEncoding;
  /** The bytes of the raw message, not copied; with the format byte where the encoding is `amf3`. */
  readonly payload: Uint8Array;
}

/** Several messages in one: `splitAggregate` takes them apart. */
export interface AggregateMessage extends MessageHeader {
  readonly type: 'aggregate';
  /** The bytes of the raw message, not copied. */
  readonly payload: Uint8Array;
}

/** A message type that RTMP 1.0 does not name. */
export interface UnknownMessage extends MessageHeader {
  readonly type: 'unknown';
  readonly messageTypeId: number;
  /** The bytes of the raw message, not copied. */
  readonly payload: Uint8Array;
}

type OpaqueOrControlMessage =
  | SetChunkSizeMessage
  | AbortMessage
  | AcknowledgementMessage
  | UserControlMessage
  | WindowAckSizeMessage
  | SetPeerBandwidthMessage
  | AudioMessage
  | VideoMessage
  | SharedObjectMessage
  | AggregateMessage
  | UnknownMessage;

export type Message = OpaqueOrControlMessage | DataMessage | CommandMessage;

/** What `encodeMessage` takes: a `Message`, in which plain objects and `Date`s may stand for AMF values. */
export type MessageInput = OpaqueOrControlMessage | DataContent<AmfInput> | CommandContent<AmfInput>;
