import type { EncryptedVersion } from '@millrace/protocol';

/** What carries the bytes of a session: an open TCP connection, a WebSocket, or another transport. */
export interface ByteConnection {
  /** Nothing will be sent any more, nothing will come. */
  readonly closed: boolean;
  /** More bytes wait to be sent than should: `onDrain` says when they are with the system. */
  readonly behind: boolean;
  /** To be called once: nothing is read before it. */
  start(handlers: ByteConnectionHandlers): void;
  /** Keeps the bytes until they are sent. Does nothing once the connection is over. */
  write(bytes: Uint8Array): void;
  /** `false`: bytes stay with the system, as far as it can hold them back, until it is `true` again. */
  setReading(reading: boolean): void;
  /** Sends what waits, then closes. What still comes is read away. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

export interface ByteConnectionHandlers {
  onBytes(bytes: Uint8Array): void;
  onDrain(): void;
  /** Once. `cause` is what broke the connection; `undefined` where it was closed in order. */
  onClose(cause: Error | undefined): void;
}

/** How a server is verified over TLS. In browsers the browser decides all of it. */
export interface TlsOptions {
  /** Certificate authorities, PEM, instead of those that the system trusts; a self-signed certificate is its own. */
  readonly ca?: string | readonly string[];
  /** `false`: any certificate will do, so anybody can pose as the server. Default `true`. */
  readonly rejectUnauthorized?: boolean;
  /** The name that is asked for and verified instead of the URL's host. */
  readonly servername?: string;
  /** This client's own certificate and key, PEM, for servers that ask for one. */
  readonly cert?: string;
  readonly key?: string;
}

export interface OpenOptions {
  /** Milliseconds to reach the server; 0: as long as the system tries. */
  readonly timeoutMs: number;
  readonly tls?: TlsOptions | undefined;
  /** Of RTMPE; see `ConnectOptions`. */
  readonly rtmpeVersion?: EncryptedVersion | undefined;
  readonly signal?: AbortSignal | undefined;
}
