import type { Danmu, PublishType } from '@millrace/protocol';
import type { ClientInfo } from './client-info.js';
import type { Denial } from './denial.js';

/** The stream that a client asks for: the same object from the request to the end of the stream. */
export interface RequestedStream {
  /** Without the query. */
  readonly name: string;
  /** What the client wrote behind the name: `key` in `studio?key=…`. */
  readonly query: URLSearchParams;
}

export interface RequestedPublication extends RequestedStream {
  readonly type: PublishType;
}

/** `undefined`: granted. */
export type Verdict = Denial | undefined;

/** What becomes of a danmu. `undefined`: it is sent as it is. */
export type DanmuVerdict = { readonly refused: string } | { readonly content: string } | undefined;

/**
 * One rule of who may connect, publish and play. What is left out grants. A guard that can decide at once does not make
 * a promise; one that throws or rejects has denied, and the log says so.
 */
export interface Guard {
  connect?(client: ClientInfo): Verdict | Promise<Verdict>;
  publish?(client: ClientInfo, stream: RequestedPublication): Verdict | Promise<Verdict>;
  play?(client: ClientInfo, stream: RequestedStream): Verdict | Promise<Verdict>;
  /** Another stream than the one that was written, for publishers that give a secret instead of a name. */
  resolvePublication?(client: ClientInfo, stream: RequestedPublication): RequestedPublication;
  /** Who has a say about the danmu that the client sends to the service of this name; `undefined`: not this guard. */
  moderator?(
    client: ClientInfo,
    stream: RequestedStream,
  ): ((danmu: Danmu) => DanmuVerdict | Promise<DanmuVerdict>) | undefined;
  /** A publication or playback that this guard granted is over, or did not come about. Called once, with equal objects. */
  ended?(client: ClientInfo, action: 'publish' | 'play', stream: RequestedStream): void;
}
