/** What a connection needs of a transport that carries the chunk stream: TCP, TLS, RTMPE and WebSocket alike. */
export interface ByteTransport {
  /** `203.0.113.7` or `2001:db8::7`. */
  readonly remoteAddress: string;
  /** This server's own, as the peer reached it. Absent: not known. */
  readonly localAddress?: string | undefined;
  /** Whether the bytes travel encrypted with TLS. */
  readonly tls: boolean;
  /** Whether they are encrypted with RTMPE. Absent: they are not. */
  readonly rtmpe?: boolean;
  /** The last 32 bytes of the S1 that the peer has seen, where the transport has shaken hands itself. */
  readonly swfChallenge?: Uint8Array | undefined;
  /** Bytes given to `write` and not yet taken by the kernel. */
  readonly pendingBytes: number;
  /** `false`: bytes from the peer are left with the kernel until it is `true` again. */
  setReading(reading: boolean): void;
  /** Keeps the order; does not copy. */
  write(bytes: Uint8Array): void;
  /** Sends what is pending, then closes. `reason` is for the log. */
  end(reason: string): void;
  /** Closes at once; pending bytes are lost. `reason` is for the log. */
  close(reason: string): void;
}
