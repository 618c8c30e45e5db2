import type { AmfInput, AmfObject, AmfValue, Danmu, ServiceHeader } from '@millrace/protocol';
import type { ClientInfo, RequestedPublication, RequestedStream } from '../access/index.js';
import type { AppRecording, AppRecordOptions } from './app-recording.js';

/** A client as the application sees it: the same object in every handler, from `onConnect` to `onDisconnect`. */
export interface AppClient extends ClientInfo {
  /** Every member of the command object of `connect`; over Flash Remoting `userid` and `password`, if given. */
  readonly commandObject: AmfObject;
  /** What the client gave `connect` after the command object. */
  readonly args: readonly AmfValue[];
  /** `true` from the answer to `connect` until the client goes. */
  readonly connected: boolean;
  /**
   * Calls a method of the client and resolves to the first value of its answer.
   *
   * Rejects with `CallError`: the client refuses, takes longer than `timeoutMs` (default 10,000), goes, is not
   * connected yet, or takes no calls because it came over HTTP. Rejects with `RtmpUsageError` for values that AMF cannot
   * carry, and where 64 calls wait already. Rejects with the reason of `signal` when that is aborted.
   */
  call(name: string, args?: readonly AmfInput[], options?: CallOptions): Promise<AmfValue>;
  /**
   * Calls a method of the client and wants no answer. Does nothing where the client is not connected, or came over HTTP.
   *
   * @throws RtmpUsageError for values that AMF cannot carry.
   */
  send(name: string, args?: readonly AmfInput[]): void;
  /** Sends what is due, then closes the connection. Everything the client publishes and plays ends. */
  close(): void;
}

export interface CallOptions {
  /** Milliseconds; `Infinity`: as long as the client is there. */
  readonly timeoutMs?: number;
  /** Gives up waiting, and the promise rejects with the signal's reason; the call has been sent all the same. */
  readonly signal?: AbortSignal;
}

/** A stream that a client plays: the same object in `onPlay` and `onStop`. */
export interface AppStream extends RequestedStream {}

/** A stream that a client publishes: the same object in `onPublish`, `onData` and `onUnpublish`. */
export interface PublishedAppStream extends RequestedPublication {
  /**
   * Records the stream, from now on, or, in `onPublish`, from its beginning. Resolves when the file is complete: when the
   * stream has ended, or after `stopRecording`, so do not wait for it in `onPublish`.
   *
   * Rejects with `RecordingError`: `NetStream.Record.NoAccess` where the file's name is not possible or another stream is
   * recorded into it, `NetStream.Record.Failed` where nothing came, the disk is full or too slow, or the stream is not
   * published.
   */
  record(options?: AppRecordOptions): Promise<AppRecording>;
  /**
   * Ends what the publisher has asked to be recorded and what `record` has begun, but not what the configuration wants. In
   * `onPublish`: the publisher is not recorded, and told `NetStream.Record.NoAccess` if it wants to be.
   */
  stopRecording(): void;
}

/** A data message of a publisher, such as `onMetaData`, `onCuePoint`, `onTextData`. */
export interface AppData {
  /** Without `@setDataFrame`; `''` where the message does not begin with a name. */
  readonly name: string;
  /** What follows the name. */
  readonly values: readonly AmfValue[];
  /** The publisher's, milliseconds. */
  readonly timestamp: number;
}

/** A service that a client is attached to: the same object in `onService`, `onDanmu`, `onServiceMessage` and `onServiceLeft`. */
export interface AppService extends RequestedStream {
  /**
   * Sends a message of the server's own to every member, the client included.
   *
   * @throws RtmpUsageError for a priority that is not 0 to 7, and values that AMF cannot carry.
   */
  broadcast(message: AppBroadcast): void;
  /** Sends a danmu of the server's own to every member. @throws RtmpUsageError for a member that is not as it must be. */
  sendDanmu(danmu: Partial<Danmu> & Pick<Danmu, 'content'>): void;
}

export interface AppBroadcast {
  /** 0 … 2³²−1; 0 is danmu, 1 capability. */
  readonly serviceType: number;
  readonly content: AmfValue;
  /** 0 (default, the highest) … 7. */
  readonly priority?: number;
  /** Whether members that do not keep up may go without; default false. */
  readonly abandon?: boolean;
}

/** A message to the members of a service, of any type but danmu. */
export interface AppServiceMessage {
  readonly header: ServiceHeader;
  /** Whatever the client sent: look at it before you use it. */
  readonly content: AmfValue;
}

/** A danmu to the members of a service. */
export interface AppDanmu extends Danmu {
  readonly header: ServiceHeader;
}
