import { lstat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseRtmpUrl, RtmpCommandError, RtmpConnectionError } from '@millrace/client';
import { messageTypes, type RawMessage, RtmpRemoteError, RtmpUsageError } from '@millrace/protocol';
import { readMediaFacts } from '../live/index.js';
import {
  FileRecording,
  type FileRecordingOptions,
  type FileRecordingOutcome,
  formatOf,
  partOf,
  RecordingClock,
} from '../recording/index.js';
import { shown } from './danmu-line.js';
import { explainFileError } from './file-error.js';
import { formatBytes, formatRate, formatTime } from './info.js';
import { RecordProgress } from './record-progress.js';
import { recordSource } from './record-source.js';
import { RejoinFilter } from './rejoin-filter.js';
import { parseDuration } from './signed-urls.js';
import { StartError } from './start-error.js';

export interface RecordOptions {
  /** Goes on behind what is in the file. */
  readonly append: boolean;
  /** Replaces the file. */
  readonly force: boolean;
  /** Plays again when the stream or the connection ends. */
  readonly reconnect: boolean;
  /** How long to record, of the stream's time: `90s`, `2h`. */
  readonly duration?: string;
  /** Where to begin in a recording: seconds, or as `duration`. */
  readonly start?: string;
  /** How long to wait when nothing comes: `10s`; `0`: for ever. */
  readonly wait: string;
}

export interface RecordingTerminal {
  readonly errors: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;
  /** Aborted when the person has enough. */
  readonly signal: AbortSignal;
}

/** What came of `millrace record`. */
export interface RecordReport {
  readonly outcome: FileRecordingOutcome;
  /** Why there is less than was asked for; `undefined`: there is not. */
  readonly problem: string | undefined;
}

/** What waits for the disk; the network waits beyond. A quarter of what ends a recording. */
const maxPendingBytes = 4 * 1024 * 1024;
const diskPauseMs = 10;
const retryMs = 1000;

/**
 * `millrace record`: writes what a stream plays into a file. Exit code 0: all that was asked for; 1: there is no file;
 * 2: there is less than was asked for.
 */
export async function record(url: string, file: string, options: RecordOptions): Promise<void> {
  const stopping = new AbortController();
  // A second signal ends the process: the file is then as after a crash.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  try {
    const report = await recordStream(url, file, options, { errors: process.stderr, signal: stopping.signal });
    const { outcome, problem } = report;
    for (const { path, durationMs, bytes } of outcome.files) {
      process.stdout.write(
        `${path}: ${formatTime(durationMs)}, ${formatBytes(bytes)}, ${formatRate(bytes, durationMs)}\n`,
      );
    }
    if (problem !== undefined) process.stderr.write(`${problem}\n`);
    const isKept = outcome.files.length > 0 || (outcome.error !== undefined && (await isThere(resolve(file))));
    if (!isKept) process.stderr.write('nothing was recorded\n');
    process.exitCode = isKept ? (problem === undefined ? 0 : 2) : 1;
  } catch (error) {
    const explanation = explain(url, file, error);
    if (explanation === undefined) throw error;
    process.stderr.write(`${explanation}\n`);
    process.exitCode = 1;
  }
}

/**
 * Resolves when the stream has ended, or `signal` is aborted, and the file is complete.
 * @throws StartError and what the client and the system throw, where it does not come to a file.
 */
export async function recordStream(
  url: string,
  file: string,
  options: RecordOptions,
  { errors, signal }: RecordingTerminal,
): Promise<RecordReport> {
  const times = readTimes(options);
  checkUrl(url);
  await checkPath(file, options);
  const type = options.append ? 'append' : 'record';
  const lost = (what: string): void => progress.note(`MP4 has no place for this, it is not recorded: ${what}`);
  const taker = new MessageTaker({ path: file, type, lost }, times.durationMs);
  const progress = new RecordProgress(errors, () => taker.soFar);
  let problem: string | undefined;
  try {
    for (;;) {
      problem = undefined;
      try {
        await playInto(taker, url, times, signal);
        if (taker.isFull || signal.aborted || !options.reconnect) break;
        progress.note('the stream has ended; waiting for it to begin again');
      } catch (error) {
        // A signal while the connection was being made.
        if (signal.aborted) break;
        problem = explain(url, file, error);
        if (problem === undefined || (!options.reconnect && !taker.hasBegun)) throw error;
        if (!options.reconnect || taker.hasFailed) break;
        progress.note(`${problem}; trying again`);
        taker.rejoin();
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
    }
  } finally {
    progress.close();
  }
  const outcome = await taker.finish();
  return { outcome, problem: outcome.error === undefined ? problem : explain(url, file, outcome.error) };
}

interface Times {
  readonly startMs: number | undefined;
  readonly durationMs: number | undefined;
  /** 0: for ever. */
  readonly waitMs: number;
}

async function playInto(taker: MessageTaker, url: string, times: Times, signal: AbortSignal): Promise<void> {
  const silence = new AbortController();
  const { waitMs } = times;
  const tooLong = new StartError(
    `${url}: nothing has come for ${waitMs / 1000} s: is the stream being published? (--wait 0 waits for ever)`,
  );
  const timer = waitMs === 0 ? undefined : setTimeout(() => silence.abort(tooLong), waitMs);
  try {
    for await (const message of recordSource(url, { ...times, signal: AbortSignal.any([signal, silence.signal]) })) {
      timer?.refresh();
      await taker.take(message);
      if (taker.isFull) return;
    }
    silence.signal.throwIfAborted();
  } finally {
    clearTimeout(timer);
  }
}

/** Puts messages into the file, which is made with the first of them. */
class MessageTaker {
  readonly #options: FileRecordingOptions;
  readonly #durationMs: number | undefined;
  readonly #filter = new RejoinFilter();
  #recording: FileRecording | undefined;
  /** Of what is recorded now: from 0, whatever was in the file before. */
  #clock: RecordingClock | undefined;
  #timeMs = 0;
  #bytes = 0;
  isFull = false;

  constructor(options: FileRecordingOptions, durationMs: number | undefined) {
    this.#options = options;
    this.#durationMs = durationMs;
  }

  get soFar(): { readonly timeMs: number; readonly bytes: number } {
    return { timeMs: this.#timeMs, bytes: this.#bytes };
  }

  get hasBegun(): boolean {
    return this.#recording !== undefined;
  }

  get hasFailed(): boolean {
    return this.#recording?.error !== undefined;
  }

  /** The next messages may be of the same stream, from a little before where it broke off. */
  rejoin(): void {
    this.#filter.rejoin();
  }

  /** Resolves when the next may come. @throws RecordingError where the file cannot be written any more. */
  async take(message: RawMessage): Promise<void> {
    if (!this.#filter.take(message)) return;
    const recording = this.#recording ?? (await this.#open());
    this.#noteTime(message);
    if (this.isFull) return;
    this.#bytes += message.payload.length;
    recording.write(message);
    while (recording.pendingBytes > maxPendingBytes && !this.hasFailed) await delay(diskPauseMs);
    if (recording.error !== undefined) throw recording.error;
  }

  async finish(): Promise<FileRecordingOutcome> {
    return (await this.#recording?.end()) ?? { files: [], error: undefined };
  }

  async #open(): Promise<FileRecording> {
    const recording = new FileRecording(this.#options);
    this.#recording = recording;
    await recording.opened;
    return recording;
  }

  #noteTime(message: RawMessage): void {
    const { messageTypeId, timestamp } = message;
    if (messageTypeId !== messageTypes.audio && messageTypeId !== messageTypes.video) return;
    if (!readMediaFacts(message).isCoded) return;
    this.#clock ??= new RecordingClock(timestamp, 0);
    const timeMs = this.#clock.frame(timestamp);
    this.#timeMs = Math.max(this.#timeMs, timeMs);
    if (this.#durationMs !== undefined && timeMs >= this.#durationMs) this.isFull = true;
  }
}

function readTimes({ start, duration, wait }: RecordOptions): Times {
  return {
    startMs: start === undefined ? undefined : startMs(start),
    durationMs: duration === undefined ? undefined : secondsOf('duration', duration) * 1000,
    waitMs: wait === '0' ? 0 : secondsOf('wait', wait) * 1000,
  };
}

function startMs(text: string): number {
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  return secondsOf('start', text) * 1000;
}

function secondsOf(option: string, text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw new StartError(`--${option} ${JSON.stringify(text)}; allowed: a time such as 90s, 15m, 2h`);
}

function checkUrl(url: string): void {
  if (/^https?:/i.test(url)) return;
  const { streamName } = parseRtmpUrl(url);
  if (streamName !== undefined) return;
  throw new StartError(`${url} names no stream: give the URL of one, such as rtmp://HOST/live/test`);
}

async function checkPath(file: string, { append, force }: RecordOptions): Promise<void> {
  const path = resolve(file);
  if (append && force) throw new StartError('--append goes on in the file, --force replaces it: give one of them');
  if (formatOf(path) === undefined) throw new StartError(`${file}: the name must end in .flv or .mp4`);
  await lstat(dirname(path));
  if (append || force) return;
  const [isFile, isPart] = await Promise.all([isThere(path), isThere(partOf(path))]);
  if (isFile) throw new StartError(`${file} is there already; --append goes on behind it, --force replaces it`);
  if (isPart) {
    throw new StartError(
      `${file}.part is there: it is being recorded, or was when its program was killed; --append completes it and goes on behind it, --force replaces it`,
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

/** One line for the person who named URL and file; `undefined`: it is a bug of ours. */
function explain(url: string, file: string, error: unknown): string | undefined {
  if (error instanceof StartError) return error.message;
  if (error instanceof RtmpUsageError) return shown(error.message);
  if (error instanceof RtmpCommandError) {
    const { code, description } = error.status;
    if (code === 'NetStream.Play.StreamNotFound') return `${url}: there is no such stream (${code})`;
    return shown(`${url}: the server refuses: ${[code, description].filter((text) => text !== '').join(': ')}`);
  }
  if (error instanceof RtmpConnectionError || error instanceof RtmpRemoteError)
    return shown(`${url}: ${error.message}`);
  if (!(error instanceof Error)) return undefined;
  const { cause } = error;
  if (error.name === 'RecordingError') {
    return cause === undefined
      ? `${file}: ${error.message}`
      : (explainFileError(file, cause) ?? `${file}: ${error.message}`);
  }
  // What `fetch` throws says nothing; its cause does.
  if (error instanceof TypeError && cause instanceof Error) return shown(`${url}: ${cause.message || error.message}`);
  return explainFileError(file, error);
}
