import type { IncomingMessage } from 'node:http';

export interface TunnelBodyOptions {
  readonly maxBytes: number;
  /** For the first bytes, and for any so many that follow. */
  readonly timeoutMs: number;
  /** Whether the bytes are wanted; if not, `onComplete` gets none. */
  readonly keep: boolean;
  /** Some have come. `false`: no more are wanted; nothing else is called. */
  readonly onProgress: (byteCount: number) => boolean;
  readonly onTooLong: () => void;
  /** It will never be complete. */
  readonly onGone: () => void;
  readonly onComplete: (body: Uint8Array) => void;
}

/** Bytes that have to come within one timeout: a body may be long, but not slow. */
const paceBytes = 64 * 1024;
const nothing = new Uint8Array(0);

/** Reads the body of a request, whole, and calls one of its three ends. The connection is cut off when it is too slow. */
export function readTunnelBody(request: IncomingMessage, options: TunnelBodyOptions): void {
  const { maxBytes, timeoutMs, keep, onProgress, onTooLong, onGone, onComplete } = options;
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    request.resume();
    onTooLong();
    return;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  let paced = 0;
  let isOver = false;
  const timer = setTimeout(() => request.socket.destroy(), timeoutMs);
  const stop = (): boolean => {
    if (isOver) return false;
    isOver = true;
    clearTimeout(timer);
    return true;
  };
  request.on('data', (chunk: Buffer) => {
    if (isOver) return;
    length += chunk.length;
    if (length > maxBytes) {
      onGone();
      if (stop()) onTooLong();
      return;
    }
    if (length - paced >= paceBytes) {
      paced = length;
      timer.refresh();
    }
    if (keep) chunks.push(chunk);
    if (!onProgress(chunk.length)) {
      stop();
      request.socket.destroy();
    }
  });
  request.once('end', () => {
    if (stop()) onComplete(keep ? joined(chunks) : nothing);
  });
  request.once('close', () => {
    if (stop()) onGone();
  });
  // A reset while it is read; `close` follows.
  request.on('error', () => undefined);
}

/** Memory of its own: what node:http hands out may be a view of more. */
function joined(chunks: readonly Buffer[]): Uint8Array {
  return Buffer.concat(chunks);
}
