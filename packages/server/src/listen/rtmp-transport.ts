import type { ByteTransport } from '../connection/index.js';

/** A transport as those see it who open and close connections. */
export interface RtmpTransport extends ByteTransport {
  /** Why the connection was ended from this side; `undefined`: it was not. */
  readonly closeReason: string | undefined;
  /** Cuts the connection off, also while it is ending. */
  destroy(): void;
}

/** What a transport tells of its peer. Never while it is made. */
export interface TransportEvents {
  received(bytes: Uint8Array): void;
  /** Once, when this side begins to close: what comes from the peer after it is of no use. */
  closing(): void;
  /** `closed` follows. */
  failed(error: Error): void;
  /** Once, when the connection is gone. */
  closed(): void;
}
