import { RtmpRemoteError } from '@millrace/protocol';

export interface CommandOptions {
  /** Milliseconds the server may take to answer; default 10,000, 0: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Gives up waiting; the command has been sent all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** A command that waits for the server's answer, a timeout or an abort, whichever is first. */
export class PendingAnswer<Answer> {
  readonly command: string;
  readonly promise: Promise<Answer>;
  #resolve: (answer: Answer) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.reject(this.#signal?.reason);

  /** Throws the signal's reason where it is aborted already. */
  constructor(command: string, { timeoutMs = 10_000, signal }: CommandOptions = {}) {
    signal?.throwIfAborted();
    this.command = command;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (timeoutMs > 0) {
      this.#timer = setTimeout(() => {
        this.reject(new RtmpRemoteError('ERR_RTMP_TIMEOUT_COMMAND', `no answer to ${command} in ${timeoutMs} ms`));
      }, timeoutMs);
    }
  }

  resolve(answer: Answer): void {
    this.stopWaiting();
    this.#resolve(answer);
  }

  reject(error: unknown): void {
    this.stopWaiting();
    this.#reject(error);
  }

  /** Lets go of the timer and the signal. */
  stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
