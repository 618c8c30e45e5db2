import type { IncomingMessage } from 'node:http';

export type BodyOutcome =
  | { readonly ok: true; readonly body: Uint8Array }
  /** `gone`: the client closed before the end. `busy`: too much is being read for others. */
  | { readonly ok: false; readonly reason: 'too-large' | 'busy' | 'gone' };

/** Reads bodies of requests whole, with a bound on each and on all that are held at a time. */
export class BodyReader {
  readonly #maxBytes: number;
  readonly #maxTotalBytes: number;
  #totalBytes = 0;

  constructor(maxBytes: number, maxTotalBytes: number) {
    this.#maxBytes = maxBytes;
    this.#maxTotalBytes = maxTotalBytes;
  }

  /** Gives the body to `use`, and counts it as held until that has settled. */
  async read<T>(request: IncomingMessage, use: (outcome: BodyOutcome) => T | Promise<T>): Promise<T> {
    const held = { bytes: 0 };
    try {
      return await use(await this.#collect(request, held));
    } finally {
      this.#totalBytes -= held.bytes;
    }
  }

  #collect(request: IncomingMessage, held: { bytes: number }): Promise<BodyOutcome> {
    // Known to be too large before a byte of it has come.
    if (Number(request.headers['content-length'] ?? 0) > this.#maxBytes) {
      return Promise.resolve({ ok: false, reason: 'too-large' });
    }
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      const settle = (outcome: BodyOutcome): void => {
        request.off('data', onData).off('end', onEnd).off('close', onClose);
        resolve(outcome);
      };
      const onData = (chunk: Buffer): void => {
        held.bytes += chunk.length;
        this.#totalBytes += chunk.length;
        chunks.push(chunk);
        if (held.bytes > this.#maxBytes) settle({ ok: false, reason: 'too-large' });
        else if (this.#totalBytes > this.#maxTotalBytes) settle({ ok: false, reason: 'busy' });
      };
      const onEnd = (): void => settle({ ok: true, body: Buffer.concat(chunks, held.bytes) });
      const onClose = (): void => settle({ ok: false, reason: 'gone' });
      request.on('data', onData).on('end', onEnd).on('close', onClose);
      if (request.destroyed) onClose();
    });
  }
}
