import { formatBytes, formatTime } from './info.js';

/** How far a recording has come. */
export interface RecordedSoFar {
  readonly timeMs: number;
  readonly bytes: number;
}

const updateMs = 1000;

/** One line that is written anew each second, on a terminal only. `output`: standard error. */
export class RecordProgress {
  readonly #output: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;
  readonly #look: () => RecordedSoFar;
  readonly #timer: NodeJS.Timeout | undefined;
  #last: RecordedSoFar = { timeMs: 0, bytes: 0 };

  constructor(output: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>, look: () => RecordedSoFar) {
    this.#output = output;
    this.#look = look;
    if (output.isTTY) this.#timer = setInterval(() => this.update(), updateMs);
  }

  update(): void {
    const now = this.#look();
    const passedMs = now.timeMs - this.#last.timeMs;
    const rate = passedMs <= 0 ? '' : `, ${Math.round(((now.bytes - this.#last.bytes) * 8) / passedMs)} kbit/s`;
    this.#last = now;
    const text =
      now.bytes === 0 ? 'waiting for the stream' : `${formatTime(now.timeMs)}, ${formatBytes(now.bytes)}${rate}`;
    this.#output.write(`\r\u001b[K${text}`);
  }

  /** A line that stays, on a terminal or not. */
  note(line: string): void {
    this.#output.write(`${this.#output.isTTY ? '\r\u001b[K' : ''}${line}\n`);
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#output.isTTY) this.#output.write('\r\u001b[K');
  }
}
