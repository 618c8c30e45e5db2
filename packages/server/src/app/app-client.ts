import type { AmfInput, AmfObject, AmfValue, PublishType } from '@millrace/protocol';

/** A client as the application sees it: the same object in every handler, from `onConnect` to `onDisconnect`. */
export interface AppClient {
  /** Not given to any other client of this server process. */
  readonly id: string;
  /** `203.0.113.7` or `2001:db8::7`. */
  readonly address: string;
  /** What it connected to, without the query: `chat` or `chat/room1`. */
  readonly app: string;
  /** The address as the client has it; `''` where it does not say. */
  readonly tcUrl: string;
  /** The query of the address: of `tcUrl`, or, where that has none, of the application's name. */
  readonly query: URLSearchParams;
  /** The page and the program that the client runs in, as it says; `''` where it does not. */
  readonly pageUrl: string;
  readonly swfUrl: string;
  /** The client's software, as it calls itself. */
  readonly flashVer: string;
  /** Every member of the command object of `connect`. */
  readonly commandObject: AmfObject;
  /** What the client gave `connect` after the command object. */
  readonly args: readonly AmfValue[];
  /** `true` from the answer to `connect` until the client goes. */
  readonly connected: boolean;
  /**
   * Calls a method of the client and resolves to the first value of its answer.
   *
   * Rejects with `CallError`: the client refuses, takes longer than `timeoutMs` (default 10,000), goes, or is not
   * connected yet. Rejects with `RtmpUsageError` for values that AMF cannot carry, and where 64 calls wait already.
   */
  call(name: string, args?: readonly AmfInput[], options?: CallOptions): Promise<AmfValue>;
  /**
   * Calls a method of the client and wants no answer. Does nothing where the client is not connected.
   *
   * @throws RtmpUsageError for values that AMF cannot carry.
   */
  send(name: string, args?: readonly AmfInput[]): void;
  /** Sends what is due, then closes the connection. Everything the client publishes and plays ends. */
  close(): void;
}

export interface CallOptions {
  /** Milliseconds. */
  readonly timeoutMs?: number;
}

/** A stream that a client plays: the same object in `onPlay` and `onStop`. */
export interface AppStream {
  /** Without the query. */
  readonly name: string;
  /** What the client wrote behind the name: `key` in `studio?key=…`. */
  readonly query: URLSearchParams;
}

/** A stream that a client publishes: the same object in `onPublish`, `onData` and `onUnpublish`. */
export interface PublishedAppStream extends AppStream {
  readonly type: PublishType;
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
