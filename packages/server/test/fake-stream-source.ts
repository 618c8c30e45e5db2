import type { FlvSink, FlvViewerInfo, PlayerList, StreamInfo, StreamSource } from '../src/http/index.js';
import { frameChunk } from '../src/live/wire-encoding.js';

/** A viewer as the fake sees it: tests write to its sink. */
export interface FakeViewer {
  readonly sink: FlvSink;
  readonly info: FlvViewerInfo;
  /** Resolves when the HTTP server says that the viewer has gone. */
  readonly gone: Promise<void>;
}

/** Frames what tests write, as the live path does. */
class ChunkingSink implements FlvSink {
  readonly #sink: FlvSink;

  constructor(sink: FlvSink) {
    this.#sink = sink;
  }

  get pendingBytes(): number {
    return this.#sink.pendingBytes;
  }

  write(bytes: Uint8Array): void {
    this.#sink.write(frameChunk(bytes));
  }

  end(): void {
    this.#sink.end();
  }
}

/** For tests: streams that are published because a test says so. */
export class FakeStreamSource implements StreamSource {
  readonly published = new Set<string>();
  /** Written to each viewer before `openFlv` returns. */
  greeting: Uint8Array | undefined;
  readonly #viewers: FakeViewer[] = [];
  #waiting: ((viewer: FakeViewer) => void) | undefined;

  isValidName(): boolean {
    return true;
  }

  isPublished(app: string, name: string): boolean {
    return this.published.has(`/${app}/${name}`);
  }

  openFlv(app: string, name: string, sink: FlvSink, info: FlvViewerInfo): { close(): void } | undefined {
    if (!this.isPublished(app, name)) return undefined;
    let close = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      close = resolve;
    });
    const viewer: FakeViewer = { sink: info.chunked ? new ChunkingSink(sink) : sink, info, gone };
    if (this.greeting !== undefined) viewer.sink.write(this.greeting);
    if (this.#waiting === undefined) this.#viewers.push(viewer);
    else this.#waiting(viewer);
    this.#waiting = undefined;
    return { close };
  }

  snapshot(): StreamInfo[] {
    return [];
  }

  players(app: string, name: string, limit: number): PlayerList | undefined {
    if (!this.isPublished(app, name)) return undefined;
    return { total: limit, players: [] };
  }

  /** The next viewer that comes, or came. */
  async nextViewer(): Promise<FakeViewer> {
    const viewer = this.#viewers.shift();
    if (viewer !== undefined) return viewer;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}
