import type { Visitor } from './visit.js';

/** A packet of Flash Remoting as it came. */
export interface RemotingPost
  extends Pick<Visitor, 'address' | 'tls' | 'url' | 'query' | 'referer' | 'userAgent' | 'bearerToken'> {
  /** What the path names behind `/gateway/`: `chat` or `chat/room1`; `''` where it names nothing. */
  readonly app: string;
  readonly body: Uint8Array;
  /** Whether the client has given up waiting for the answer. */
  isGone(): boolean;
}

/** The packet that answers. Rejects with `RtmpRemoteError` where the client's is malformed. */
export type AnswerRemoting = (post: RemotingPost) => Promise<Uint8Array>;
