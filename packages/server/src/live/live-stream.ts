import type { ObjectEncoding, RawMessage } from '@millrace/protocol';
import { Broadcast, type LiveLimits } from './broadcast.js';
import type { FanOut } from './fan-out.js';
import type { HandOver, TimeShift } from './hand-over.js';
import { PlaySpan } from './play-span.js';
import { Player, type PlayerKind, type PlayerSink } from './player.js';
import {
  chunkedEncoding,
  flvEncoding,
  type MediaSelection,
  rtmpEncoding,
  shiftedEncoding,
  type WireEncoding,
} from './wire-encoding.js';

/** How a player wants its bytes. */
export type PlayerFormat =
  | {
      readonly kind: 'rtmp';
      readonly messageStreamId: number;
      readonly chunkSize: number;
      /** 3: data in AMF3 is passed on as such; else in AMF0. */
      readonly objectEncoding: ObjectEncoding;
    }
  /** `chunked`: framed as the chunks of an HTTP/1.1 body. */
  | { readonly kind: 'httpFlv' | 'wsFlv'; readonly chunked: boolean };

export interface LiveStreamOptions {
  readonly limits: LiveLimits;
  readonly fanOut: FanOut;
  readonly now: () => number;
  /** Unix ms. */
  readonly wallClock: () => number;
  /** Nobody publishes and nobody waits: the stream may be forgotten. */
  readonly onUnused: () => void;
}

export interface JoinOptions {
  /** For how long, by the times of the stream, ms; absent: without end. `PlayerSink.finished` is told. */
  readonly durationMs?: number | undefined;
  /**
   * The client plays another stream until the next key frame of this one, which has this time. Called right before it is
   * sent, so that the other stream can be ended.
   */
  readonly takeOver?: ((firstMs: number) => void) | undefined;
}

/** What is known of a player. For people. */
export interface PlayerFacts {
  readonly kind: PlayerKind;
  /** `undefined`: not known. */
  readonly address: string | undefined;
  /** Monotonic ms. */
  readonly joinedMs: number;
  readonly paused: boolean;
  /** Given to its connection since it joined; of these, those that the system has not taken yet. */
  readonly bytesOut: number;
  readonly pendingBytes: number;
  /** How old what it is to be sent next is, ms. */
  readonly lagMs: number;
  /** As it says itself, ms from the publisher to it; `undefined`: it does not. */
  readonly reportedLatencyMs: number | undefined;
}

/** A name that is published, or that players wait for. Its players outlive its publications. */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  #broadcast: Broadcast | undefined;
  /** Every player of the name, and the broadcast it is being sent; `undefined`: it waits (or is paused). */
  readonly #players = new Map<Player, { format: PlayerFormat; broadcast: Broadcast | undefined }>();

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  /** The publication under way. */
  get broadcast(): Broadcast | undefined {
    return this.#broadcast;
  }

  get playerCount(): number {
    return this.#players.size;
  }

  countPlayers(kind: PlayerKind): number {
    let count = 0;
    for (const player of this.#players.keys()) if (player.kind === kind) count += 1;
    return count;
  }

  /** The players of the name, whoever came first first. */
  players(): PlayerFacts[] {
    const nowMs = this.#options.now();
    return [...this.#players].map(([player, { broadcast }]) => ({
      kind: player.kind,
      address: player.sink.address,
      joinedMs: player.joinedMs,
      paused: player.paused && !player.isElsewhere,
      bytesOut: player.bytesOut,
      pendingBytes: player.sink.pendingBytes,
      lagMs: broadcast?.lagMs(player, nowMs) ?? 0,
      reportedLatencyMs: player.reportedLatencyMs,
    }));
  }

  /** Starts a publication. An earlier one must have been ended. `cdnIp`: see `Broadcast`. */
  begin(cdnIp?: string): Broadcast {
    const { limits, now, wallClock } = this.#options;
    const broadcast = new Broadcast(limits, now(), wallClock, cdnIp);
    this.#broadcast = broadcast;
    for (const [player, place] of this.#players) {
      // Who is still being sent the publication before hears of this one after it.
      if (place.broadcast !== undefined) continue;
      player.sink.started();
      if (!player.paused) this.#enter(player, broadcast, true);
    }
    return broadcast;
  }

  /** One message of the publication under way. */
  write(broadcast: Broadcast, message: RawMessage): void {
    if (broadcast.write(message, this.#options.now()) && broadcast.hasPlayers) this.#options.fanOut.schedule(broadcast);
  }

  /** The publication is over: players get what is left of it, then are told, and wait for the next. */
  end(broadcast: Broadcast): void {
    if (this.#broadcast === broadcast) this.#broadcast = undefined;
    broadcast.end((player) => this.#drained(player));
    for (const player of this.#players.keys()) if (player.paused) player.sink.ended();
    if (broadcast.flush(this.#options.now())) this.#options.fanOut.schedule(broadcast);
    this.#forgetIfUnused();
  }

  /** Another publisher takes the name: players get what is left of this publication and go on with the next. */
  supersede(broadcast: Broadcast): void {
    if (this.#broadcast === broadcast) this.#broadcast = undefined;
    broadcast.end((player) => this.#continue(player));
    this.#options.fanOut.schedule(broadcast);
  }

  /** Adds a player; what it is due at once (headers and the newest group of pictures) is written before this returns. */
  join(
    format: PlayerFormat,
    sink: PlayerSink,
    selection: MediaSelection = { audio: true, video: true },
    { durationMs, takeOver }: JoinOptions = {},
  ): Player {
    const player = this.#add(format, sink, selection);
    if (durationMs !== undefined) player.span = new PlaySpan(durationMs);
    player.takeOver = takeOver;
    player.onSettled = () =>
      this.shift(player, player.shift?.offsetMs ? { ...player.shift, floorMs: undefined } : undefined);
    if (this.#broadcast !== undefined) {
      this.#enter(player, this.#broadcast, false);
      if (this.#broadcast.flushPlayer(player, this.#options.now())) this.#options.fanOut.schedule(this.#broadcast);
    }
    return player;
  }

  /**
   * Adds a player that is sent the stream from elsewhere, with the file header if there is one: it is paused, and takes
   * its place with `resumeAt` or at the end of the pause.
   */
  joinPaused(format: PlayerFormat, sink: PlayerSink, selection: MediaSelection): Player {
    const player = this.#add(format, sink, selection);
    player.paused = true;
    player.hasFileHeader = true;
    return player;
  }

  /** Changes the times that a player gets. */
  shift(player: Player, shift: TimeShift | undefined): void {
    const place = this.#players.get(player);
    if (place === undefined) return;
    player.shift = shift;
    place.broadcast?.change(player, this.#encoding(player, place.format, player.selection), {
      audio: false,
      video: false,
    });
  }

  /** See `Subscription.handOver`. */
  handOver(player: Player, firstMs: number): HandOver {
    const broadcast = this.#players.get(player)?.broadcast;
    return (
      broadcast?.handOver(player, firstMs) ?? {
        sentMs: undefined,
        offsetMs: player.shift?.offsetMs ?? 0,
        isSameClock: false,
      }
    );
  }

  /** For how long the player has been sent nothing although it is published, ms; 0: it is behind, or waits, or is paused. */
  silentMs(player: Player): number {
    return this.#players.get(player)?.broadcast?.silentMs(player, this.#options.now()) ?? 0;
  }

  leave(player: Player): void {
    this.#players.get(player)?.broadcast?.leave(player);
    this.#players.delete(player);
    this.#forgetIfUnused();
  }

  /** Chooses the media a player gets. Video that comes back does so with the next key frame. */
  select(player: Player, selection: MediaSelection, atKeyFrame = false): void {
    const place = this.#players.get(player);
    if (place === undefined) return;
    const { broadcast } = place;
    const resumes = selection.video && !player.selection.video && !atKeyFrame && broadcast?.hadKeyFrame === true;
    const before = player.selection;
    const after = resumes ? { audio: selection.audio, video: false } : selection;
    player.resumingVideo = resumes;
    player.selection = after;
    const gained = { audio: after.audio && !before.audio, video: after.video && !before.video };
    broadcast?.change(player, this.#encoding(player, place.format, after), gained);
  }

  /** A paused live player gets nothing; it comes back at the newest key frame. */
  pause(player: Player, paused: boolean): void {
    const place = this.#players.get(player);
    player.isElsewhere = false;
    if (place === undefined || player.paused === paused) return;
    player.paused = paused;
    if (paused) {
      place.broadcast?.leave(player);
      place.broadcast = undefined;
    } else if (this.#broadcast !== undefined) {
      this.#enter(player, this.#broadcast, false);
      this.#options.fanOut.schedule(this.#broadcast);
    }
  }

  /**
   * Ends the pause of a player at the message with this sequence number of the publication under way; it has had all
   * before, headers included. Returns false, and nothing has changed, where that message is not kept any more.
   */
  resumeAt(player: Player, sequence: number): boolean {
    const place = this.#players.get(player);
    const broadcast = this.#broadcast;
    if (place === undefined || broadcast === undefined || !player.paused) return false;
    if (!broadcast.joinAt(player, this.#encoding(player, place.format, player.selection), sequence)) return false;
    player.paused = false;
    player.isElsewhere = false;
    place.broadcast = broadcast;
    this.#options.fanOut.schedule(broadcast);
    return true;
  }

  /** Bytes that a player was sent from elsewhere. */
  countOut(player: Player, byteCount: number): void {
    player.isElsewhere = player.paused;
    player.bytesOut += byteCount;
    if (this.#broadcast !== undefined) this.#broadcast.facts.bytesOut += byteCount;
  }

  /** Sequence number of what a player is to be sent next; `undefined`: it is sent nothing now, or not yet. */
  placeOf(player: Player): number | undefined {
    const broadcast = this.#players.get(player)?.broadcast;
    const isUnderWay = broadcast !== undefined && broadcast === this.#broadcast;
    // With other times than the stream's, or only for a time, it is sent nothing from elsewhere.
    const isPlain = player.shift === undefined && player.span === undefined && player.takeOver === undefined;
    return isUnderWay && isPlain && player.greeted && !player.awaitingKeyFrame ? player.cursor : undefined;
  }

  #add(format: PlayerFormat, sink: PlayerSink, selection: MediaSelection): Player {
    const player = new Player(format.kind, sink, selection, this.#options.now());
    player.onVideoResumed = () => this.select(player, { ...player.selection, video: true }, true);
    this.#players.set(player, { format, broadcast: undefined });
    return player;
  }

  #enter(player: Player, broadcast: Broadcast, fromStart: boolean): void {
    const place = this.#players.get(player);
    if (place === undefined) return;
    place.broadcast = broadcast;
    // It joins at a key frame: that is what the video it wants again has waited for.
    if (player.resumingVideo) player.selection = { ...player.selection, video: true };
    broadcast.join(player, this.#encoding(player, place.format, player.selection), fromStart);
  }

  #drained(player: Player): void {
    const place = this.#players.get(player);
    if (place === undefined) return;
    place.broadcast = undefined;
    player.sink.ended();
    this.#continue(player);
  }

  /** A newer publication may have begun while the player was still being sent the old one. */
  #continue(player: Player): void {
    const place = this.#players.get(player);
    if (place === undefined) return;
    place.broadcast = undefined;
    if (this.#broadcast === undefined || player.paused) return;
    player.sink.started();
    this.#enter(player, this.#broadcast, true);
    this.#options.fanOut.schedule(this.#broadcast);
  }

  #encoding({ shift }: Player, format: PlayerFormat, selection: MediaSelection): WireEncoding {
    if (format.kind === 'rtmp') {
      const rtmp = rtmpEncoding(format.messageStreamId, format.chunkSize, selection, format.objectEncoding);
      return shift === undefined ? rtmp : shiftedEncoding(rtmp, shift);
    }
    const flv = flvEncoding(selection);
    return format.chunked ? chunkedEncoding(flv) : flv;
  }

  #forgetIfUnused(): void {
    if (this.#broadcast === undefined && this.#players.size === 0) this.#options.onUnused();
  }
}
