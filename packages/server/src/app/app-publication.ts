import type { RequestedPublication } from '../access/index.js';
import { RecordingError } from '../recording/index.js';
import type { PublishedAppStream } from './app-client.js';
import type { AppRecording, AppRecordOptions, RecordingTarget } from './app-recording.js';

interface Wish {
  readonly options: AppRecordOptions;
  readonly resolve: (recording: AppRecording | Promise<AppRecording>) => void;
  readonly reject: (error: RecordingError) => void;
}

/** More at a time are somebody's mistake. */
const maxWishes = 16;

/** A stream as the application has it. What it wants before the stream is published is done when that begins. */
export class AppPublication implements PublishedAppStream {
  readonly name: string;
  readonly query: URLSearchParams;
  readonly type: RequestedPublication['type'];
  #wishes: Wish[] = [];
  #isRefused = false;
  #target: RecordingTarget | undefined;
  #isOver = false;

  constructor({ name, query, type }: RequestedPublication) {
    this.name = name;
    this.query = query;
    this.type = type;
  }

  record(options: AppRecordOptions = {}): Promise<AppRecording> {
    const recording = new Promise<AppRecording>((resolve, reject) => {
      if (this.#isOver) reject(failed('The stream is not published any more.'));
      else if (this.#target !== undefined) resolve(this.#target.record(options));
      else if (this.#wishes.length >= maxWishes) reject(failed('Too many recordings of one stream.'));
      else this.#wishes.push({ options, resolve, reject });
    });
    // Who records and does not care what comes of it is no reason to end the process.
    recording.catch(() => undefined);
    return recording;
  }

  stopRecording(): void {
    if (this.#target === undefined) this.#isRefused = true;
    this.#target?.stop();
    this.#rejectAll('The recording was stopped before it began.');
  }

  /** Whether the publisher's own wish to be recorded is refused. */
  get refusesRecording(): boolean {
    return this.#isRefused;
  }

  /** The stream is published. */
  begun(target: RecordingTarget): void {
    this.#target = target;
    for (const { options, resolve } of this.#wishes.splice(0)) resolve(target.record(options));
  }

  /** It is published no more, or never was. */
  ended(): void {
    this.#isOver = true;
    this.#target = undefined;
    this.#rejectAll('The stream was not published.');
  }

  #rejectAll(reason: string): void {
    for (const { reject } of this.#wishes.splice(0)) reject(failed(reason));
  }
}

function failed(message: string): RecordingError {
  return new RecordingError('NetStream.Record.Failed', message);
}
