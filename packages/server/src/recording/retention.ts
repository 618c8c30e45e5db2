import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../config/index.js';
import { deleteDanmu } from '../danmu-file/index.js';
import { isServersRecording } from '../flv-file/index.js';
import type { Logger } from '../log/index.js';
import { recordingOf } from '../mp4-muxer/index.js';
import { filesIn } from './unfinished.js';

const hourMs = 3_600_000;

interface KeptFile {
  readonly path: string;
  readonly bytes: number;
  readonly endedAtMs: number;
}

/** Deletes the recordings that the server began by itself when there are too many or they are too old. No other file. */
export class Retention {
  readonly #config: Pick<Config, 'media' | 'record'>;
  readonly #log: Logger;
  readonly #wallClock: () => number;
  #timer: NodeJS.Timeout | undefined;
  #looking = Promise.resolve();
  #isWaiting = false;

  constructor(options: {
    readonly config: Pick<Config, 'media' | 'record'>;
    readonly log: Logger;
    readonly wallClock: () => number;
  }) {
    this.#config = options.config;
    this.#log = options.log;
    this.#wallClock = options.wallClock;
  }

  /** Looks now, and each hour. Resolves when the first look is over. */
  async start(): Promise<void> {
    if (!this.#isOn) return;
    this.#timer = setInterval(() => void this.look(), hourMs).unref();
    await this.look();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get #isOn(): boolean {
    const { keepHours, keepBytes } = this.#config.record;
    return keepHours > 0 || keepBytes > 0;
  }

  /** Deletes what is to be deleted, after what is being looked for already. Never rejects. */
  look(): Promise<void> {
    if (!this.#isOn || this.#isWaiting) return this.#looking;
    this.#isWaiting = true;
    this.#looking = this.#looking
      .then(() => {
        this.#isWaiting = false;
        return this.#clean();
      })
      .catch((err: unknown) => this.#log.warn({ err }, 'cannot delete old recordings'));
    return this.#looking;
  }

  async #clean(): Promise<void> {
    const { keepHours, keepBytes } = this.#config.record;
    const kept: KeptFile[] = [];
    for await (const path of filesIn(resolve(this.#config.media.dir))) {
      const file = path.endsWith('.flv') || path.endsWith('.mp4') ? await ownRecording(path) : undefined;
      if (file !== undefined) kept.push(file);
    }
    kept.sort((a, b) => b.endedAtMs - a.endedAtMs);
    const oldestMs = keepHours === 0 ? Number.NEGATIVE_INFINITY : this.#wallClock() - keepHours * hourMs;
    let total = 0;
    for (const { path, bytes, endedAtMs } of kept) {
      total += bytes;
      if (endedAtMs >= oldestMs && (keepBytes === 0 || total <= keepBytes)) continue;
      await rm(path, { force: true });
      await deleteDanmu(path);
      this.#log.info({ file: path, bytes }, 'deleted an old recording');
    }
  }
}

/** `undefined`: it is not ours to delete. */
async function ownRecording(path: string): Promise<KeptFile | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0);
    const head = buffer.subarray(0, bytesRead);
    if (!isServersRecording(head) && recordingOf(head) !== 'server') return undefined;
    const { size, mtimeMs } = await file.stat();
    return { path, bytes: size, endedAtMs: mtimeMs };
  } finally {
    await file.close();
  }
}
