import type { IncomingMessage } from 'node:http';
import { CollectedBytes } from './collected-bytes.js';

export interface TunnelBodyOptions {
  readonly maxBytes: number;
  /** For the first bytes, and for any so many that follow. */
  readonly timeoutMs: number;
  /** Whether the bytes are wanted; if not, `onComplete` gets none. */
  readonly keep: boolean;
  /** Some have come. */
  readonly onProgress: (byteCount: number) => void;
  /** Takes what is to be called if nobody wants the bytes any more: nothing else is called then. Gives what ends that. */
  readonly whileComing: (drop: () => void) => () => void;
  readonly onTooLong: () => void;
  /** The connection is about to be cut off; `onGone` follows. */
  readonly onTooSlow: () => void;
  /** It will never be complete. */
  readonly onGone: () => void;
  readonly onComplete: (body: Uint8Array) => void;
}

/** Bytes that have to come within one timeout: a body may be long, but not slow. */
const paceBytes = 64 * 1024;

/** Reads the body of a request, whole, and calls one of its three ends. The connection is cut off when it is too slow. */
export function readTunnelBody(request: IncomingMessage, options: TunnelBodyOptions): void {
  const { maxBytes, timeoutMs, keep, onProgress, whileComing, onTooLong, onTooSlow, onGone, onComplete } = options;
  const announced = Number(request.headers['content-length'] ?? maxBytes);
  if (announced > maxBytes) {
    request.resume();
    onTooLong();
    return;
  }
  const kept = new CollectedBytes(announced);
  let length = 0;
  let paced = 0;
  let isOver = false;
  const timer = setTimeout(() => {
    onTooSlow();
    request.socket.destroy();
  }, timeoutMs);
  const stop = (): boolean => {
    if (isOver) return false;
    isOver = true;
    clearTimeout(timer);
    forget();
    return true;
  };
  const forget = whileComing(() => {
    if (stop()) kept.take();
  });
  request.on('data', (chunk: Buffer) => {
    if (isOver) return;
    length += chunk.length;
    if (length > maxBytes) {
      onGone();
      if (stop()) onTooLong();
      kept.take();
      return;
    }
    if (length - paced >= paceBytes) {
      paced = length;
      timer.refresh();
    }
    onProgress(chunk.length);
    if (keep && !isOver) kept.push(chunk);
  });
  request.once('end', () => {
    if (stop()) onComplete(kept.take());
  });
  request.once('close', () => {
    if (stop()) onGone();
  });
  // A reset while it is read; `close` follows.
  request.on('error', () => undefined);
}
