import type { CallRequest, ServerSession } from '@millrace/protocol';
import type { VodPlayback } from '../vod/index.js';

export interface StreamLengthsOptions {
  readonly vod: VodPlayback;
  readonly session: ServerSession;
  /** Gives a late answer, unless the connection has closed. */
  readonly resume: (answer: () => void) => void;
}

/** Answers `getStreamLength`: seconds, 0 where nothing is recorded. */
export class StreamLengths {
  readonly #options: StreamLengthsOptions;
  #lengths = Promise.resolve();
  #isClosed = false;

  constructor(options: StreamLengthsOptions) {
    this.#options = options;
  }

  answer(request: CallRequest, app: string): void {
    const { vod, session, resume } = this.#options;
    const [name] = request.args;
    const key = { app, name: typeof name === 'string' ? name.replace(/\?.*/s, '') : '' };
    if (!vod.library.mayHave(key)) {
      session.respond(request, 0);
      return;
    }
    const answer = (seconds: number): void => resume(() => session.respond(request, seconds));
    // One after another: a client that asks a thousand times does not open a thousand files.
    this.#lengths = this.#lengths.then(async () => {
      if (this.#isClosed) return;
      try {
        const recording = await vod.library.open(key);
        recording?.release();
        answer((recording?.file.durationMs ?? 0) / 1000);
      } catch {
        answer(0);
      }
    });
  }

  closed(): void {
    this.#isClosed = true;
  }
}
