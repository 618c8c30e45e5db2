import type {
  RecordingInfo,
  RecordingList,
  ServerInfo,
  SharedObjectContent,
  SharedObjectInfo,
  StreamInfo,
} from 'millrace/api';
import { backoffMs } from './backoff.js';
import {
  readRecording,
  readRecordings,
  readServer,
  readSharedObject,
  readSharedObjects,
  readStreams,
} from './read-answer.js';

const pollIntervalMs = 1000;
// Version, port and start time change only when the server restarts: then a poll has failed in between.
const serverIntervalMs = 30_000;
// The server looks at every file for a list.
const recordingsIntervalMs = 5000;
const requestTimeoutMs = 5000;

interface ObjectPath {
  readonly app: string;
  readonly name: string;
}

/** What the page shows of shared objects. */
export interface ObjectsWish {
  /** The object whose slots are shown; absent: none. */
  readonly path?: ObjectPath | undefined;
  /** As many slots. */
  readonly limit: number;
}

/** What the page shows of recordings. */
export interface RecordingsWish {
  /** Of the list. */
  readonly query: string;
  /** The recording that is shown; `undefined`: none. */
  readonly path: string | undefined;
}

/** What is shown apart from streams; `undefined` what is not. */
export interface Wishes {
  readonly objects: () => ObjectsWish | undefined;
  readonly recordings: () => RecordingsWish | undefined;
}

export type PollReport =
  | { type: 'streams'; streams: readonly StreamInfo[] }
  | { type: 'server'; server: ServerInfo }
  | { type: 'objects'; objects: readonly SharedObjectInfo[] }
  /** `content`: `undefined` where nobody uses the object. */
  | { type: 'object'; path: ObjectPath; content: SharedObjectContent | undefined }
  | { type: 'recordings'; query: string; list: RecordingList }
  /** `info`: `undefined` where there is no such recording. */
  | { type: 'recording'; path: string; info: RecordingInfo | undefined }
  | { type: 'failed'; reason: string }
  | { type: 'resting' };

/** Asks the server for its streams, and what else is shown, each second while the page is visible, more rarely while it does not answer. */
export class ServerPoller {
  readonly #baseUrl: URL;
  readonly #report: (report: PollReport) => void;
  readonly #wishes: Wishes;
  #timer: number | undefined;
  #running = false;
  /** What is wanted has changed during a poll. */
  #again = false;
  #failures = 0;
  #serverAskedAt = Number.NEGATIVE_INFINITY;
  #recordingsAskedAt = Number.NEGATIVE_INFINITY;
  #recordingsKey: string | undefined;

  /** `baseUrl`: the address of the page; the API is found relative to it. */
  constructor(baseUrl: URL, report: (report: PollReport) => void, wishes: Wishes) {
    this.#baseUrl = baseUrl;
    this.#report = report;
    this.#wishes = wishes;
  }

  /** Starts polling. It lasts as long as the page. */
  start(): void {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#rest();
      else this.#pollNow();
    });
    window.addEventListener('online', () => this.#pollNow());
    if (document.hidden) this.#rest();
    else this.#pollNow();
  }

  /** To be called when the page shows something else. */
  refresh(): void {
    this.#recordingsAskedAt = Number.NEGATIVE_INFINITY;
    if (!document.hidden) this.#pollNow();
  }

  #rest(): void {
    window.clearTimeout(this.#timer);
    this.#report({ type: 'resting' });
  }

  #pollNow(): void {
    window.clearTimeout(this.#timer);
    if (this.#running) this.#again = true;
    else void this.#poll();
  }

  async #poll(): Promise<void> {
    this.#running = true;
    this.#again = false;
    const startedAt = performance.now();
    try {
      if (startedAt - this.#serverAskedAt > serverIntervalMs) {
        const server = readServer(await this.#ask('api/v1/server'));
        if (server === undefined) throw foreignAnswer();
        this.#serverAskedAt = startedAt;
        this.#report({ type: 'server', server });
      }
      const streams = readStreams(await this.#ask('api/v1/streams'));
      if (streams === undefined) throw foreignAnswer();
      this.#report({ type: 'streams', streams });
      const wish = this.#wishes.objects();
      if (wish !== undefined) await this.#pollObjects(wish);
      const recordings = this.#wishes.recordings();
      if (recordings !== undefined) await this.#pollRecordings(recordings, startedAt);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#serverAskedAt = Number.NEGATIVE_INFINITY;
      this.#report({ type: 'failed', reason: failureReason(error) });
    } finally {
      this.#running = false;
    }
    if (document.hidden) return;
    // From start to start, so that a slow answer does not slow the rhythm.
    const restMs = Math.max(100, pollIntervalMs - (performance.now() - startedAt));
    const waitMs = this.#failures > 0 ? backoffMs(this.#failures) : this.#again ? 0 : restMs;
    this.#timer = window.setTimeout(() => void this.#poll(), waitMs);
  }

  async #pollObjects({ path, limit }: ObjectsWish): Promise<void> {
    const objects = readSharedObjects(await this.#ask('api/v1/shared-objects'));
    if (objects === undefined) throw foreignAnswer();
    this.#report({ type: 'objects', objects });
    // Asking for one that is not there would be an error in the browser's console, every second.
    if (path === undefined || !objects.some(({ app, name }) => app === path.app && name === path.name)) {
      if (path !== undefined) this.#report({ type: 'object', path, content: undefined });
      return;
    }
    const segments = [path.app, path.name].map(escapePart).join('/');
    const answer = await this.#ask(`api/v1/shared-objects/${segments}?limit=${limit}`, { maybe: true });
    const content = answer === undefined ? undefined : readSharedObject(answer);
    if (answer !== undefined && content === undefined) throw foreignAnswer();
    this.#report({ type: 'object', path, content });
  }

  async #pollRecordings({ query, path }: RecordingsWish, nowMs: number): Promise<void> {
    const key = JSON.stringify([query, path]);
    if (key === this.#recordingsKey && nowMs - this.#recordingsAskedAt < recordingsIntervalMs) return;
    const list = readRecordings(await this.#ask(`api/v1/recordings?${query}`));
    if (list === undefined) throw foreignAnswer();
    this.#recordingsKey = key;
    this.#recordingsAskedAt = nowMs;
    this.#report({ type: 'recordings', query, list });
    if (path === undefined || list.recordings.some((one) => one.path === path)) return;
    const segments = path.split('/').map(escapePart).join('/');
    const answer = await this.#ask(`api/v1/recordings/${segments}`, { maybe: true });
    this.#report({ type: 'recording', path, info: answer === undefined ? undefined : readRecording(answer) });
  }

  /** `maybe`: what is not found is `undefined`, not an error. */
  async #ask(path: string, { maybe = false } = {}): Promise<unknown> {
    const response = await fetch(new URL(path, this.#baseUrl), {
      cache: 'no-store',
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    if (maybe && response.status === 404) return undefined;
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    return response.json();
  }
}

/** Lone surrogates, which no URL can carry, are not escaped but thrown at. */
function escapePart(part: string): string {
  return encodeURIComponent(part.replace(/\p{Cs}/gu, '\uFFFD'));
}

function foreignAnswer(): Error {
  return new Error('The answer is not one of a millrace server.');
}

function failureReason(error: unknown): string {
  // What browsers say themselves ("Failed to fetch", "NetworkError when…") helps nobody.
  if (error instanceof TypeError) return 'The server cannot be reached.';
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'The server takes too long to answer.';
  if (error instanceof SyntaxError) return 'The answer is not one of a millrace server.';
  return error instanceof Error ? error.message : String(error);
}
