import type { PeerBandwidthLimitType } from '../message/index.js';

/** What Flash Media Server and the clients that imitate Flash Player use. */
export const defaultWindowAckSize = 2_500_000;

/**
 * The counting behind acknowledgements, both ways. [RTMP §5.4.3 … §5.4.5]
 *
 * Output is not held back while the peer's acknowledgements are late: many peers send none, and TCP limits the sender.
 */
export class AcknowledgementWindow {
  #bytesReceived = 0;
  #acknowledgedAt = 0;
  #window = defaultWindowAckSize;
  #announced: number;
  #peerBandwidth: number | undefined;
  #lastLimitWasHard = false;

  /** `announced`: the Window Acknowledgement Size that we send the peer. */
  constructor(announced: number) {
    this.#announced = announced;
  }

  /** Bytes from the peer, its handshake included, as librtmp and ffmpeg count. */
  received(count: number): void {
    this.#bytesReceived += count;
  }

  /** The sequence number to acknowledge now; `undefined` while the window is not full. */
  takeAcknowledgement(): number | undefined {
    if (this.#bytesReceived - this.#acknowledgedAt < this.#window) return undefined;
    this.#acknowledgedAt = this.#bytesReceived;
    return this.#bytesReceived % 2 ** 32;
  }

  /** The peer wants an acknowledgement every `size` bytes. 0 changes nothing. */
  setWindow(size: number): void {
    if (size > 0) this.#window = size;
  }

  /** Applies Set Peer Bandwidth. Returns the Window Acknowledgement Size to answer with; `undefined`: none is due. */
  setPeerBandwidth(size: number, limitType: PeerBandwidthLimitType): number | undefined {
    if (size === 0 || (limitType === 'dynamic' && !this.#lastLimitWasHard)) return undefined;
    this.#lastLimitWasHard = limitType !== 'soft';
    this.#peerBandwidth = limitType === 'soft' ? Math.min(size, this.#peerBandwidth ?? size) : size;
    if (this.#peerBandwidth === this.#announced) return undefined;
    this.#announced = this.#peerBandwidth;
    return this.#peerBandwidth;
  }
}
