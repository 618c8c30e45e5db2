import type { AmfInput, AmfObject, AmfValue } from '../../amf/index.js';
import type { RtmpRemoteError } from '../../bytes/index.js';
import type { RawMessage, SharedObjectContent } from '../message/index.js';

/** What a client says of itself in `connect`. Text that is missing is `''`. [RTMP §7.2.1.1, E-RTMP v2] */
export interface ConnectInfo {
  /** Without the query and without slashes at its ends. */
  readonly app: string;
  /** What follows the `?` in the application's name; `''` where there is none. */
  readonly query: string;
  readonly tcUrl: string;
  /** The client's software, as it calls itself. */
  readonly flashVer: string;
  readonly swfUrl: string;
  readonly pageUrl: string;
  /** What the client supports: 0, 3, or whatever it said. What is agreed on is `ServerSession.objectEncoding`. */
  readonly objectEncoding: number;
  /** Bits of the codecs that the client plays; 0 where it does not say. [Errata §8.1.4] */
  readonly audioCodecs: number;
  readonly videoCodecs: number;
  /** Enhanced RTMP: each `undefined` where the client does not say. */
  readonly fourCcList: readonly string[] | undefined;
  readonly videoFourCcInfoMap: ReadonlyMap<string, number> | undefined;
  readonly audioFourCcInfoMap: ReadonlyMap<string, number> | undefined;
  readonly capsEx: number | undefined;
  /** Everything, as received. */
  readonly commandObject: AmfObject;
  /** What followed the command object: keys, names, whatever the application asks for. [Errata §8.1.5] */
  readonly args: readonly AmfValue[];
}

export interface ConnectRequest extends ConnectInfo {
  readonly kind: 'connect';
  readonly transactionId: number;
}

export type PublishType = 'live' | 'record' | 'append' | 'appendWithGap';

export interface PublishRequest {
  readonly kind: 'publish';
  readonly messageStreamId: number;
  /** Without the query; never empty. Prefixes such as `mp4:` are kept. */
  readonly streamName: string;
  /** What follows the `?`; `''` where there is none. */
  readonly query: string;
  readonly publishType: PublishType;
}

export interface PlayRequest {
  readonly kind: 'play';
  readonly messageStreamId: number;
  /** Without the query; never empty. Prefixes such as `mp4:` are kept. */
  readonly streamName: string;
  /** What follows the `?`; `''` where there is none. */
  readonly query: string;
  /** −2: live, else recorded, else wait for live; −1: live only; 0 or more: recorded, from there, in milliseconds. */
  readonly start: number;
  /** Milliseconds; −1: to the end. */
  readonly duration: number;
  /** `false`: play it after what plays now. Live servers may take it as `true`. */
  readonly reset: boolean;
  /** It came with `play2`. */
  readonly transition?: PlayTransition;
  /** What `receiveAudio` and `receiveVideo` said on this stream so far. */
  readonly receiveAudio: boolean;
  readonly receiveVideo: boolean;
}

/** What `play2` asks for besides [ActionScript 3 reference, NetStreamPlayTransitions]. `stop` the session sees to itself. */
export type PlayTransitionKind = 'append' | 'appendAndWait' | 'reset' | 'resume' | 'swap' | 'switch';

export interface PlayTransition {
  readonly kind: PlayTransitionKind;
  /** What the stream is to take the place of, without the query; `''`: the client does not say. */
  readonly oldStreamName: string;
  /** Where to change, or to resume, in milliseconds of the stream; −1: the client does not say. */
  readonly offsetMs: number;
}

/** Wants another place of what plays, which is recorded or not. A newer request makes an older one void. */
export interface SeekRequest {
  readonly kind: 'seek';
  readonly messageStreamId: number;
  readonly transactionId: number;
  /** Milliseconds of the stream, as the client says it: any finite number. */
  readonly timeMs: number;
}

/** The client wants to be attached to a service, which is made if it does not exist. */
export interface ServeRequest {
  readonly kind: 'serve';
  readonly messageStreamId: number;
  /** The name of the service, as it came: `''` where it is no text. */
  readonly streamName: string;
}

/** A message of a service. */
export interface ServiceCall {
  readonly messageStreamId: number;
  /** What stands in the place of the command object. */
  readonly header: AmfValue;
  readonly args: readonly AmfValue[];
}

/** A command that the session does not know. To be answered by `respond` or `rejectCall`. */
export interface CallRequest {
  readonly kind: 'call';
  readonly name: string;
  /** 0: the client wants no answer and gets none. */
  readonly transactionId: number;
  readonly messageStreamId: number;
  readonly commandObject: AmfValue;
  readonly args: readonly AmfValue[];
}

/** What the client answered to a `call` of the server. */
export interface CallAnswer {
  /** As `ServerSession.call` gave it. */
  readonly transactionId: number;
  /** `true`: `_result`; `false`: `_error`. */
  readonly ok: boolean;
  readonly commandObject: AmfValue;
  /** The value that was returned, or the information object of the error, comes first. */
  readonly args: readonly AmfValue[];
}

export type StreamRole = 'publish' | 'play' | 'serve';
export type StopReason = 'closeStream' | 'deleteStream' | 'FCUnpublish' | 'replaced';

export type ServerEvent =
  /** To be answered by `accept` or `reject`, now or later. Nothing else is read until then. */
  | { readonly type: 'connect'; readonly request: ConnectRequest }
  /** To be answered by `accept` or `reject`. The next message of this stream, and all that follows it, waits until then. */
  | { readonly type: 'publish'; readonly request: PublishRequest }
  /** As `publish`. What plays goes on until `playNext` if the request is queued: see `PlayedKind`; `play2` is, on any stream. */
  | { readonly type: 'play'; readonly request: PlayRequest }
  /** As `publish`. */
  | { readonly type: 'serve'; readonly request: ServeRequest }
  /** On a stream that is attached to a service. Only where the options name such messages. */
  | { readonly type: 'service'; readonly call: ServiceCall }
  /** What the client says of a shared object. Events that only servers send are among them, as they came. */
  | { readonly type: 'sharedObject'; readonly content: SharedObjectContent }
  /**
   * The stream no longer publishes, plays or is attached, or its request need not be answered any more. The client has been told.
   * Not sent for the streams that `closed` or `failed` ends.
   */
  | {
      readonly type: 'stopped';
      readonly messageStreamId: number;
      readonly role: StreamRole;
      readonly reason: StopReason;
    }
  /** Audio, video or data (types 8, 9, 15, 18) of a publishing stream, not looked into. Aggregates are taken apart. */
  | { readonly type: 'media'; readonly messageStreamId: number; readonly message: RawMessage }
  /** On a playing stream. The client has been told that it is so. */
  | {
      readonly type: 'pause';
      readonly messageStreamId: number;
      readonly pause: boolean;
      /** Where the client is, in milliseconds of the stream. */
      readonly timeMs: number;
    }
  | { readonly type: 'receiveAudio' | 'receiveVideo'; readonly messageStreamId: number; readonly receive: boolean }
  | { readonly type: 'bufferLength'; readonly messageStreamId: number; readonly bufferMs: number }
  /** On a playing stream. To be answered by `accept` or `reject`, now or later; nothing waits for it. */
  | { readonly type: 'seek'; readonly request: SeekRequest }
  | { readonly type: 'call'; readonly request: CallRequest }
  /** Only for calls that wait: answers that nobody asked for, and those that come too late, are dropped. */
  | { readonly type: 'answer'; readonly answer: CallAnswer }
  /** `FCSubscribe`. Answered already. */
  | { readonly type: 'subscribe'; readonly request: { readonly streamName: string } }
  /** The client said `close`, or its `connect` was rejected: flush the output, then close the socket. The last event. */
  | { readonly type: 'closed' }
  /** The client broke the protocol or a limit, or a time ran out: flush, then close the socket. The last event. */
  | { readonly type: 'failed'; readonly error: RtmpRemoteError };

/** What is added to the answer to `connect`. */
export interface ConnectAnswer {
  /** Chunks stay at 128 bytes, and the client is told of no other size. Default `false`. */
  readonly keepsChunkSize?: boolean;
  /**
   * Commands that are to come as `call` events, although the session would answer them: `getStreamLength` and
   * `checkBandwidth`. Other names in it do nothing.
   */
  readonly ownCommands?: readonly string[];
  /** Merged into the first object (`fmsVer`, …). */
  readonly properties?: Readonly<Record<string, AmfInput>>;
  /** Merged into the second object (`code`, …), but for `objectEncoding`. */
  readonly info?: Readonly<Record<string, AmfInput>>;
}

/** How `serve` is granted. */
export interface ServeGrant {
  /** Of the information object. */
  readonly code: string;
  readonly description: string;
}

/** What is added to the status that starts a stream. */
export interface StreamAnswer {
  readonly description?: string;
  /** Merged into the information object. */
  readonly info?: Readonly<Record<string, AmfInput>>;
}

/** What it is that plays. */
export interface PlayedKind {
  /** It is a recording: `StreamIsRecorded` is said. Default `false`. */
  readonly recorded?: boolean;
  /** It has an end, and requests with `reset` false are queued. Default: so it is with recordings. */
  readonly ends?: boolean;
}

/** What is added to the statuses that start playing. */
export interface PlayAnswer extends StreamAnswer, PlayedKind {}

export interface Rejection {
  readonly code: string;
  readonly description?: string;
  /** Merged into the information object. */
  readonly info?: Readonly<Record<string, AmfInput>>;
}
