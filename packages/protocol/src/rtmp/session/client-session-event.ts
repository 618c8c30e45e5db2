import type { AmfInput, AmfValue } from '../../amf/index.js';
import type { RtmpRemoteError } from '../../bytes/index.js';
import type { RawMessage, SharedObjectContent, UserControlEvent } from '../message/index.js';
import type { ObjectEncoding } from './object-encoding.js';
import type { PlayTransitionKind } from './server-event.js';

/** What `connect` tells the server. Members left out are not sent unless a default is named here. [RTMP §7.2.1.1] */
export interface ConnectParams {
  readonly app: string;
  readonly tcUrl: string;
  /** Default `MILLRACE 1,0`. Servers show it as the client's software. */
  readonly flashVer?: string;
  readonly swfUrl?: string;
  readonly pageUrl?: string;
  /** Bits of codecs that can be played; default all of them, for servers that hold back the rest. [Errata §8.1.4] */
  readonly audioCodecs?: number;
  readonly videoCodecs?: number;
  /** 3: AMF3 may be used both ways, where the server agrees (`ClientSession.objectEncoding`). Default 0: AMF0 alone. */
  readonly objectEncoding?: ObjectEncoding;
  /** Enhanced codecs that can be handled; default `['*']`, any: media is passed on undecoded. [E-RTMP v2] */
  readonly fourCcList?: readonly string[];
  /** Enhanced capabilities; default multitrack, ModEx and nanosecond timestamps (0x0E). [E-RTMP v2] */
  readonly capsEx?: number;
  /** Further members of the command object; they replace those above where the names are the same. */
  readonly properties?: Readonly<Record<string, AmfInput>>;
  /** Arguments after the command object: keys, user names, whatever the server's application expects. */
  readonly args?: readonly AmfInput[];
}

/** How to play. Times are milliseconds, as on the wire. */
export interface PlayParams {
  /** −2 (default): live, else recorded, else wait for live; −1: live only; 0 or more: recorded, from there. */
  readonly startMs?: number;
  /** −1 (default): to the end; 0: a single frame. */
  readonly durationMs?: number;
  /** Default true: instead of what is playing; false: after it. */
  readonly reset?: boolean;
}

/** What `play2` asks for [ActionScript 3 reference, NetStreamPlayOptions]. */
export interface Play2Params {
  /** Default: as `play`. `switch`: in the place of what plays, from the next key frame on. `stop`: nothing more is played. */
  readonly transition?: PlayTransitionKind | 'stop';
  /** What is to be replaced; default: what plays. */
  readonly oldStreamName?: string;
  /** As in `PlayParams`. */
  readonly startMs?: number;
  readonly durationMs?: number;
  /** Where to switch at the earliest, or to resume, of the stream. */
  readonly offsetMs?: number;
}

/** The object that `onStatus`, `_error` and the answer to `connect` carry. */
export interface StatusInfo {
  /** `status`, `warning` or `error` from well-behaved servers; `''` where there is none. */
  readonly level: string;
  /** For example `NetStream.Play.Start`; `''` where there is none. */
  readonly code: string;
  readonly description: string;
  /** The whole value as received, with whatever else it holds. */
  readonly info: AmfValue;
}

/** A call by the server. Answered by `respond` or `rejectCall`, which do nothing where the transaction id is 0. */
export interface ServerCall {
  readonly name: string;
  /** 0: no answer is expected. */
  readonly transactionId: number;
  readonly messageStreamId: number;
  readonly commandObject: AmfValue;
  readonly args: readonly AmfValue[];
}

export type ClientEvent =
  /** The handshake is over. Commands may be given before; they are sent after it. */
  | { readonly type: 'handshaken' }
  /** `connect` was accepted. `properties` is the first object of the answer (`fmsVer`, …). */
  | { readonly type: 'connected'; readonly properties: AmfValue; readonly status: StatusInfo }
  /** `connect` was refused; the server usually closes the connection now. */
  | { readonly type: 'rejected'; readonly status: StatusInfo }
  | { readonly type: 'streamCreated'; readonly transactionId: number; readonly messageStreamId: number }
  /** The answer to `call`, `releaseStream`, …: `values` are what follows the command object. */
  | {
      readonly type: 'result';
      readonly transactionId: number;
      /** The command answered. */
      readonly name: string;
      readonly commandObject: AmfValue;
      readonly values: readonly AmfValue[];
    }
  | {
      readonly type: 'error';
      readonly transactionId: number;
      /** The command answered; `undefined` where no command with that transaction id waits for an answer. */
      readonly name: string | undefined;
      readonly messageStreamId: number;
      readonly status: StatusInfo;
    }
  | { readonly type: 'status'; readonly messageStreamId: number; readonly status: StatusInfo }
  /** Audio and video. Aggregates arrive as the messages they hold. The payload is owned by the receiver of the event. */
  | { readonly type: 'media'; readonly messageStreamId: number; readonly message: RawMessage }
  /** A data message. `values` are `undefined` where the body is not valid AMF; the message is good for passing on. */
  | {
      readonly type: 'data';
      readonly messageStreamId: number;
      readonly message: RawMessage;
      readonly values: readonly AmfValue[] | undefined;
    }
  /** Stream Begin, Stream EOF and their like. Pings are answered by the session and not shown, and so are requests for SWF verification where it has the answer. */
  | { readonly type: 'userControl'; readonly event: UserControlEvent }
  | { readonly type: 'call'; readonly call: ServerCall }
  /** What the server says of a shared object. Events that only clients send are among them, as they came. */
  | { readonly type: 'sharedObject'; readonly content: SharedObjectContent }
  /** The server said `close`: nothing follows, and the socket is to be closed. */
  | { readonly type: 'closed' }
  /** The server broke the protocol or a limit, or a time ran out: nothing follows, and the socket is to be closed. */
  | { readonly type: 'failed'; readonly error: RtmpRemoteError };
