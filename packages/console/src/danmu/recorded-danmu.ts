import { readStoredLines, type StoredLine } from './stored-line.js';

export interface RecordedDanmuListener {
  /** The recording has some: told once for each that was chosen. */
  onFound(): void;
  /** Its time has come. */
  onLine(line: StoredLine): void;
  /** The player is somewhere else: what was shown is of another place. */
  onJump(): void;
}

/** Asked for at a time, seconds; and as long before its end the next. */
const spanSeconds = 60;
const aheadSeconds = 15;
/** In one answer. */
const maxLines = 1000;
/** A player goes on by less between two looks, unless its page is not seen. */
const jumpSeconds = 3;
/** Not by so little. */
const backSeconds = 0.5;
/** What was said so shortly before a place is told there. */
const lateSeconds = 1;
const retryMs = 5000;

/** What was said during the recording that is played, fetched a minute at a time, and told when its time comes. */
export class RecordedDanmu {
  readonly #listener: RecordedDanmuListener;
  readonly #fetch: typeof fetch;
  #url: string | undefined;
  #asking = new AbortController();
  #isAsking = false;
  #isGrowing = false;
  #hasFound = false;
  #atSeconds: number | undefined;
  /** Everything before is in `#lines`, or was told. */
  #loadedUntil = 0;
  #lines: StoredLine[] = [];
  #notBefore = 0;

  constructor(listener: RecordedDanmuListener, fetcher: typeof fetch = (...args) => fetch(...args)) {
    this.#listener = listener;
    this.#fetch = fetcher;
  }

  /**
   * `url`: where it is told what was said during a recording; `undefined`: none is played. `isGrowing`: it is still being
   * made, and more may be said.
   */
  choose(url: string | undefined, isGrowing = false): void {
    this.#isGrowing = isGrowing;
    if (url === this.#url) return;
    this.#url = url;
    this.#hasFound = false;
    this.#forget();
    if (url !== undefined) void this.#ask({ limit: 1 });
  }

  /** The player is at this place, and goes on. */
  played(seconds: number): void {
    if (this.#url === undefined) return;
    const before = this.#atSeconds;
    if (before === undefined || seconds < before - backSeconds || seconds > before + jumpSeconds) {
      this.#forget();
      this.#loadedUntil = Math.max(0, seconds - lateSeconds);
      this.#listener.onJump();
    }
    this.#atSeconds = seconds;
    while (this.#lines[0] !== undefined && this.#lines[0].seconds <= seconds) {
      const line = this.#lines.shift();
      if (line !== undefined) this.#listener.onLine(line);
    }
    const isDue = this.#loadedUntil - seconds < aheadSeconds && performance.now() >= this.#notBefore;
    if (isDue && !this.#isAsking) void this.#ask({ start: this.#loadedUntil, end: this.#loadedUntil + spanSeconds });
  }

  #forget(): void {
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#isAsking = false;
    this.#atSeconds = undefined;
    this.#lines = [];
    this.#notBefore = 0;
  }

  /** Never rejects. */
  async #ask(wish: { readonly limit: number } | { readonly start: number; readonly end: number }): Promise<void> {
    const { signal } = this.#asking;
    const url = new URL(this.#url ?? '');
    url.searchParams.set('limit', String(maxLines));
    // Not more digits than the server takes.
    for (const [name, value] of Object.entries(wish))
      url.searchParams.set(name, String(Math.round(value * 1000) / 1000));
    const isSpan = 'end' in wish;
    if (isSpan) this.#isAsking = true;
    try {
      const response = await this.#fetch(url, { cache: 'no-store', signal });
      if (!response.ok) throw new Error(`The server answered ${response.status}.`);
      const text = await response.text();
      if (signal.aborted) return;
      const lines = readStoredLines(text);
      if (isSpan) {
        this.#lines.push(...lines);
        const last = lines.at(-1)?.seconds;
        // Of a minute that is not over yet the rest is asked for again.
        const isWhole = text.split('\n').length <= maxLines && !this.#isGrowing;
        if (this.#isGrowing) this.#notBefore = performance.now() + retryMs;
        if (!isWhole && last !== undefined) this.#loadedUntil = Math.min(last + 0.001, wish.end);
        else if (!this.#isGrowing) this.#loadedUntil = wish.end;
      }
      if (lines.length > 0 && !this.#hasFound) {
        this.#hasFound = true;
        this.#listener.onFound();
      }
    } catch {
      // It is no part of the picture: no word about it, and another try later.
      if (!signal.aborted) this.#notBefore = performance.now() + retryMs;
    } finally {
      if (isSpan && !signal.aborted) this.#isAsking = false;
    }
  }
}
