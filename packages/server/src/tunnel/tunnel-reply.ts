/** The one answer that a request of a tunnel waits for. Sends one of the two, once. */
export interface TunnelReply {
  /** Nobody waits for it any more. */
  readonly isGone: boolean;
  /** Does not copy. `taken` is called when the kernel has the bytes, or the connection is gone. */
  send(bytes: Uint8Array, taken: () => void): void;
  /** There is no such tunnel, or no longer. */
  refuse(): void;
}
