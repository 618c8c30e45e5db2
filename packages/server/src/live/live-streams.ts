import type { RawMessage } from '@millrace/protocol';
import type { Broadcast, LiveLimits } from './broadcast.js';
import { cdnAddress } from './cdn-address.js';
import { FanOut } from './fan-out.js';
import type { HandOver, TimeShift } from './hand-over.js';
import { type JoinOptions, LiveStream, type PlayerFacts, type PlayerFormat } from './live-stream.js';
import { type LiveSums, LiveTotals } from './live-totals.js';
import { type Player, type PlayerKind, type PlayerSink, playerKinds } from './player.js';
import { type StreamKey, streamPath, trimApp } from './stream-key.js';
import type { MediaSelection } from './wire-encoding.js';

/** Who publishes; shown to operators, and used to tell whether a newcomer is the same client coming back. */
export interface PublisherInfo {
  readonly address: string;
  /** As the client names itself (`flashVer`). */
  readonly software: string;
  /** Equal for two connections of what is probably one client. */
  readonly clientId: string;
  /** Monotonic ms when bytes last came from it. Absent: it is never silent (a publisher inside this process). */
  readonly lastActiveMs?: () => number;
  /** The address of this server that it connected to. */
  readonly localAddress?: string | undefined;
}

export interface PublisherEvents {
  /** Another publisher has taken the name. What this one still writes is ignored. */
  onReplaced(): void;
  /** The first metadata leaves out what players are to know. */
  onIncompleteMetadata?(missing: readonly string[]): void;
}

export interface Publication {
  /** Audio, video or data. The payload is kept: do not write to it afterwards. */
  write(message: RawMessage): void;
  /** Frees the name. */
  end(): void;
}

/** Sees what is published on a name beside the players, as a recorder does. It must not throw, and not keep anybody waiting. */
export interface PublicationObserver {
  /**
   * As `Publication.write`, after the players' stream has taken the message. `next`: sequence number that the next message
   * for players will get; where it is the same as before, this one is none for players.
   */
  write(message: RawMessage, next: number): void;
  end(): void;
}

export type PublishOutcome =
  | { readonly ok: true; readonly publication: Publication }
  | { readonly ok: false; readonly reason: 'badName' | 'busy' };

export interface LiveStreamsOptions extends LiveLimits {
  /** 0 … 1000: the longest time messages wait to leave together. */
  readonly maxWindowMs: number;
  readonly takeover: 'refuse' | 'replace';
  /** After this long without a byte from a publisher, its client may come back on a new connection and have the name. */
  readonly graceMs: number;
  /** What players find as `cdn_ip` in metadata: `auto` is the publisher's `localAddress`; absent or `''`: nothing. */
  readonly cdnIp?: string;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  /** Unix ms; default `Date.now`. */
  readonly wallClock?: () => number;
  /** Asked at the begin of every publication for who observes it. */
  readonly observe?: (stream: ObservedStream) => PublicationObserver | undefined;
}

export interface ObservedStream {
  /** `/app/name`. */
  readonly path: string;
  readonly app: string;
  readonly name: string;
}

/** Somebody's place in a stream. */
export interface Subscription {
  select(selection: MediaSelection): void;
  pause(paused: boolean): void;
  /** Sequence number of the message that it is to be sent next; `undefined`: it is sent nothing now. */
  readonly place: number | undefined;
  /**
   * Ends a pause at the message with this sequence number, before which everything was sent from elsewhere, headers
   * included. Returns false, and nothing has changed, where it is not kept any more.
   */
  resumeAt(sequence: number): boolean;
  /** It was sent bytes from elsewhere, which count as those of the stream. */
  countOut(byteCount: number): void;
  /** Given to its sink, bytes. */
  readonly bytesOut: number;
  /** Time of the newest message that it was sent, where it wants the stream for a time; else `undefined`. */
  readonly newestMs: number | undefined;
  /** For how long it has been sent nothing although it is published, ms; 0: it is behind, or waits, or is paused. */
  readonly silentMs: number;
  /** Sends what stands before the start of another stream, at `firstMs` of that, and nothing after it. */
  handOver(firstMs: number): HandOver;
  /** Changes the times that it gets. */
  shift(shift: TimeShift | undefined): void;
  /** What the player says of itself: ms from the publisher to it. */
  reportLatency(latencyMs: number): void;
  close(): void;
}

/** One row for the API: a stream that is published now. */
export interface PublishedStream {
  readonly path: string;
  readonly app: string;
  readonly name: string;
  readonly publisher: PublisherInfo;
  /** Unix ms. */
  readonly publishedAt: number;
  readonly stream: LiveStream;
  readonly broadcast: Broadcast;
}

interface Entry {
  readonly stream: LiveStream;
  holder:
    | {
        info: PublisherInfo;
        events: PublisherEvents;
        key: StreamKey;
        broadcast: Broadcast;
        observer: PublicationObserver | undefined;
        publishedAt: number;
      }
    | undefined;
}

/** Every live stream of the server: who publishes a name, and who gets it. */
export class LiveStreams {
  readonly #options: LiveStreamsOptions;
  readonly #fanOut: FanOut;
  readonly #entries = new Map<string, Entry>();
  readonly #totals = new LiveTotals();

  constructor(options: LiveStreamsOptions) {
    this.#options = options;
    this.#fanOut = new FanOut(options.maxWindowMs, options.now);
  }

  /** Names that are published or waited for. */
  get nameCount(): number {
    return this.#entries.size;
  }

  /** Takes the name, if it is free or may be taken over. */
  publish(key: StreamKey, info: PublisherInfo, events: PublisherEvents): PublishOutcome {
    const path = streamPath(key);
    if (path === undefined) return { ok: false, reason: 'badName' };
    const entry = this.#entry(path);
    if (entry.holder !== undefined) {
      if (!this.#mayReplace(entry.holder.info, info)) return { ok: false, reason: 'busy' };
      const { broadcast, events: replaced, observer } = entry.holder;
      entry.holder = undefined;
      entry.stream.supersede(broadcast);
      this.#totals.ended(broadcast);
      observer?.end();
      replaced.onReplaced();
    }
    const broadcast = entry.stream.begin(cdnAddress(this.#options.cdnIp ?? '', info.localAddress));
    this.#totals.began(broadcast);
    const observer = this.#options.observe?.({ path, app: trimApp(key.app), name: key.name });
    entry.holder = { info, events, key, broadcast, observer, publishedAt: Date.now() };
    return { ok: true, publication: this.#publication(entry, broadcast, observer) };
  }

  /** Joins the stream, whether it is published or not: who comes early waits. `undefined`: the name cannot exist. */
  play(
    key: StreamKey,
    format: PlayerFormat,
    sink: PlayerSink,
    selection?: MediaSelection,
    options?: JoinOptions,
  ): Subscription | undefined {
    const path = streamPath(key);
    if (path === undefined) return undefined;
    const { stream } = this.#entry(path);
    return subscription(stream, stream.join(format, sink, selection, options), this.#options.now);
  }

  /** Joins a stream that the player is sent from elsewhere for now: as `play`, but paused. */
  playPaused(
    key: StreamKey,
    format: PlayerFormat,
    sink: PlayerSink,
    selection: MediaSelection,
  ): Subscription | undefined {
    const path = streamPath(key);
    if (path === undefined) return undefined;
    const { stream } = this.#entry(path);
    return subscription(stream, stream.joinPaused(format, sink, selection), this.#options.now);
  }

  /** Whether a stream could have this name. */
  isValidName(key: StreamKey): boolean {
    return streamPath(key) !== undefined;
  }

  isPublished(key: StreamKey): boolean {
    const path = streamPath(key);
    return path !== undefined && this.#entries.get(path)?.holder !== undefined;
  }

  /** Where the stream is, ms from its first audio or video; `undefined`: it is not published, or none has come. */
  mediaTimeMs(key: StreamKey): number | undefined {
    const path = streamPath(key);
    return path === undefined ? undefined : this.#entries.get(path)?.holder?.broadcast.facts.mediaTimeMs;
  }

  /** The streams published now, oldest first. */
  published(): PublishedStream[] {
    const rows: PublishedStream[] = [];
    for (const [path, { stream, holder }] of this.#entries) {
      if (holder === undefined) continue;
      const { info, key, broadcast, publishedAt } = holder;
      rows.push({ path, app: trimApp(key.app), name: key.name, publisher: info, publishedAt, stream, broadcast });
    }
    return rows.sort((a, b) => a.publishedAt - b.publishedAt);
  }

  /** Who is sent the stream, longest first; `undefined`: it is not published. */
  players(key: StreamKey): PlayerFacts[] | undefined {
    const entry = this.#entries.get(streamPath(key) ?? '');
    return entry?.holder === undefined ? undefined : entry.stream.players();
  }

  /** Everybody who is sent a stream or waits for one. */
  playerCounts(): Record<PlayerKind, number> {
    const counts = { rtmp: 0, httpFlv: 0, wsFlv: 0 };
    for (const { stream } of this.#entries.values()) {
      for (const kind of playerKinds) counts[kind] += stream.countPlayers(kind);
    }
    return counts;
  }

  /** What all publications together came to. */
  totals(): LiveSums {
    return this.#totals.sums();
  }

  /** Stops all sending. */
  close(): void {
    this.#fanOut.close();
  }

  #entry(path: string): Entry {
    const known = this.#entries.get(path);
    if (known !== undefined) return known;
    const { now, wallClock = Date.now } = this.#options;
    const onUnused = (): void => {
      if (this.#entries.get(path)?.holder === undefined) this.#entries.delete(path);
    };
    const stream = new LiveStream({ limits: this.#options, fanOut: this.#fanOut, now, wallClock, onUnused });
    const entry: Entry = { stream, holder: undefined };
    this.#entries.set(path, entry);
    return entry;
  }

  /**
   * A client whose connection died without a word (a changed network, a power cut) comes back before TCP notices: it
   * is let in once the old connection has been silent for the grace time. Somebody else is not.
   */
  #mayReplace(holder: PublisherInfo, newcomer: PublisherInfo): boolean {
    if (this.#options.takeover === 'replace') return true;
    if (holder.clientId !== newcomer.clientId || holder.lastActiveMs === undefined) return false;
    return this.#options.now() - holder.lastActiveMs() >= this.#options.graceMs;
  }

  #checkMetadata({ holder }: Entry, { facts }: Broadcast): void {
    const missing = facts.metadata === undefined ? [] : facts.missingMetadata;
    if (missing.length > 0) holder?.events.onIncompleteMetadata?.(missing);
  }

  #publication(entry: Entry, broadcast: Broadcast, observer: PublicationObserver | undefined): Publication {
    return {
      write: (message) => {
        if (entry.holder?.broadcast !== broadcast) return;
        const before = broadcast.facts.metadata;
        entry.stream.write(broadcast, message);
        if (before === undefined) this.#checkMetadata(entry, broadcast);
        observer?.write(message, broadcast.next);
      },
      end: () => {
        if (entry.holder?.broadcast !== broadcast) return;
        entry.holder = undefined;
        entry.stream.end(broadcast);
        this.#totals.ended(broadcast);
        observer?.end();
      },
    };
  }
}

function subscription(stream: LiveStream, player: Player, now: () => number): Subscription {
  return {
    select: (selection) => stream.select(player, selection),
    pause: (paused) => stream.pause(player, paused),
    get place() {
      return stream.placeOf(player);
    },
    get bytesOut() {
      return player.bytesOut;
    },
    get newestMs() {
      return player.span?.newestMs;
    },
    get silentMs() {
      return stream.silentMs(player);
    },
    handOver: (firstMs) => stream.handOver(player, firstMs),
    shift: (shift) => stream.shift(player, shift),
    resumeAt: (sequence) => stream.resumeAt(player, sequence),
    countOut: (byteCount) => stream.countOut(player, byteCount),
    reportLatency: (latencyMs) => player.reportLatency(latencyMs, now()),
    close: () => stream.leave(player),
  };
}
