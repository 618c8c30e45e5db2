/**
 * The waist: what every transport delivers and everything above it consumes. [RTMP §6.1], as the virtual header of
 * [Errata §7].
 */
export interface RawMessage {
  /** 0 … 255. */
  readonly messageTypeId: number;
  /** Milliseconds, 0 … 2³²−1, wrapping. Absolute. */
  readonly timestamp: number;
  /** 0 … 2²⁴−1 by the specification; up to 2³²−1 is carried. */
  readonly messageStreamId: number;
  /** Owned by the receiver of the message: never written again by the sender. At most 2²⁴−1 bytes. */
  readonly payload: Uint8Array;
}
