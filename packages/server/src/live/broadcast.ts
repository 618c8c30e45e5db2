import { messageTypes, type RawMessage } from '@millrace/protocol';
import { BroadcastFacts } from './broadcast-facts.js';
import { withCdnAddress } from './cdn-address.js';
import { readPublishedData } from './data-message.js';
import { JoinHeaders } from './join-headers.js';
import { amf0Payload, type LiveMessage } from './live-message.js';
import { readMediaFacts } from './media-facts.js';
import { MessageLog } from './message-log.js';
import { Output } from './output.js';
import type { Player } from './player.js';
import type { MediaSelection, WireEncoding } from './wire-encoding.js';

export interface LiveLimits {
  /** Late joiners start at the newest key frame that has passed; without, they wait for the next. */
  readonly gopCache: boolean;
  /** A player further behind than this, ms, is moved to the newest key frame. */
  readonly maxLagMs: number;
  /** Bytes of memory for the messages kept of one stream. */
  readonly maxGopBytes: number;
  /** A player whose pending write made no progress for this long, ms, is let go. */
  readonly stallTimeoutMs: number;
}

/** What one player is given at most in one write, so that one that lags can still be moved to a key frame. */
const maxWriteBytes = 256 * 1024;
/** Key frames of a stream's other tracks belong to the same start when they come within this time of the first, ms. */
const sameStartMs = 200;

/** One publication of a stream from its first message to its last, and the players that are being sent it. */
export class Broadcast {
  readonly facts: BroadcastFacts;
  readonly #limits: LiveLimits;
  readonly #cdnIp: string | undefined;
  readonly #log = new MessageLog();
  readonly #headers = new JoinHeaders();
  readonly #outputs = new Map<string, Output>();
  /** Where a joining player starts: the sequence number of the newest key frame's first message. */
  #keyFrameStart: number | undefined;
  /** The key frames that came last, of different tracks at one time, while no other video came between. */
  #keyFrames: { readonly first: number; readonly timestamp: number; readonly tracks: Set<string> } | undefined;
  /** Players start at this track's key frames; the others' may come at other times. */
  #startTrack: string | undefined;
  #hadKeyFrame = false;
  /** Sequence number of the newest sequence header or metadata in the log: who skips it must be given it again. */
  #newestHeader = -1;
  /** Of the newest audio or video. */
  #newestTimestamp = 0;
  #ended = false;
  /** Told about each player that was sent everything after the end. */
  #onDrained: ((player: Player) => void) | undefined;

  /**
   * `wallClock`: Unix ms. `cdnIp`: what players find under this name in the metadata; absent: what the publisher says.
   */
  constructor(limits: LiveLimits, nowMs: number, wallClock: () => number, cdnIp?: string) {
    this.#limits = limits;
    this.#cdnIp = cdnIp;
    this.facts = new BroadcastFacts(nowMs, wallClock);
  }

  get hasPlayers(): boolean {
    return this.#outputs.size > 0;
  }

  /** Whether a key frame has ever come: if not, waiting for one could last for ever. */
  get hadKeyFrame(): boolean {
    return this.#hadKeyFrame;
  }

  /** Takes a message from the publisher: audio, video or data. Returns whether players have something new to be sent. */
  write(received: RawMessage, nowMs: number): boolean {
    this.facts.countIn(received, nowMs);
    if (received.messageTypeId === messageTypes.audio || received.messageTypeId === messageTypes.video) {
      this.#append(received, nowMs);
      return true;
    }
    const data = readPublishedData(received);
    switch (data.action) {
      case 'pass': {
        const isMetadata = data.handler === 'onMetaData';
        const message =
          isMetadata && this.#cdnIp !== undefined ? withCdnAddress(data.message, this.#cdnIp) : data.message;
        const sequence = this.#log.append({ message, arrivedMs: nowMs });
        if (data.handler !== undefined && this.#headers.setData(data.handler, message, sequence))
          this.#newestHeader = sequence;
        const payload = amf0Payload(data.message);
        if (isMetadata) this.facts.noteMetadata(payload);
        else if (payload !== undefined) this.facts.latency.noteData(payload);
        this.#trim(nowMs);
        return true;
      }
      case 'clear':
        this.#headers.clearData(data.handler);
        return false;
      case 'drop':
        return false;
      default:
        return data satisfies never;
    }
  }

  /** A new player: it starts at the newest key frame, with the headers before it. `fromStart`: it waited for this broadcast. */
  join(player: Player, encoding: WireEncoding, fromStart: boolean): void {
    player.greeted = false;
    player.resumingVideo = false;
    player.stalledSinceMs = 0;
    if (fromStart && this.#log.first === 0) {
      player.cursor = this.#log.first;
      player.awaitingKeyFrame = false;
    } else {
      this.#placeAtKeyFrame(player);
    }
    this.#enter(player, encoding);
  }

  /** Moves a player to another encoding (it chose other media) without losing its place. `gained`: what it had not got. */
  change(player: Player, encoding: WireEncoding, gained: MediaSelection): void {
    this.leave(player);
    const output = this.#enter(player, encoding);
    if (!player.greeted) return;
    // What was greeted with, and what came since, was without them.
    this.#send(player, output.encode(this.#headersFor(player).filter((header) => isOf(gained, header))));
  }

  /** Returns whether the player was here. */
  leave(player: Player): boolean {
    for (const [key, output] of this.#outputs) {
      if (!output.players.delete(player)) continue;
      if (output.players.size === 0) this.#outputs.delete(key);
      return true;
    }
    return false;
  }

  /** How old what the player is to be sent next is, ms; 0: it has been given everything. */
  lagMs({ cursor }: Player, nowMs: number): number {
    const next = this.#log.at(Math.max(cursor, this.#log.first));
    return next === undefined ? 0 : Math.max(0, nowMs - next.arrivedMs);
  }

  /** No more messages come. `onDrained` is told of each player once it has been sent all of them. */
  end(onDrained: (player: Player) => void): void {
    this.#ended = true;
    this.#onDrained = onDrained;
  }

  /** Sends every player what it is due. Returns whether some have more to come without a new message. */
  flush(nowMs: number): boolean {
    let behind = false;
    for (const output of this.#outputs.values()) {
      output.log.dropBefore(this.#log.first);
      output.log.catchUp();
      for (const player of output.players) {
        if (!this.#advance(player, output, nowMs)) behind = true;
        else if (this.#ended) this.#drained(player);
      }
    }
    return behind;
  }

  /** Sends one player what it is due, out of turn. Returns whether it has more to come without a new message. */
  flushPlayer(player: Player, nowMs: number): boolean {
    for (const output of this.#outputs.values()) {
      if (!output.players.has(player)) continue;
      output.log.catchUp();
      return !this.#advance(player, output, nowMs);
    }
    return false;
  }

  /** Returns true when the player has all there is. */
  #advance(player: Player, output: Output, nowMs: number): boolean {
    const { sink } = player;
    if (sink.pendingBytes > 0) {
      this.#watchStall(player, nowMs);
      return false;
    }
    player.stalledSinceMs = 0;
    const isPlaced = this.#findPlace(player, output, nowMs);
    if (!player.greeted && this.#canGreet(player)) this.#greet(player, output);
    if (!isPlaced) return true;
    const resumeAt = this.#resumePoint(player);
    const next = resumeAt ?? this.#log.next;
    while (player.cursor < next) {
      const to = Math.min(next, output.log.endWithin(player.cursor, maxWriteBytes));
      for (const view of output.views(player.cursor, to)) this.#send(player, view);
      player.cursor = to;
      if (sink.pendingBytes > 0) return player.cursor === this.#log.next && !this.#ended;
    }
    if (resumeAt === undefined) return true;
    player.resumingVideo = false;
    player.onVideoResumed?.();
    return !this.flushPlayer(player, nowMs);
  }

  /** Moves the cursor where it may not stay. Returns false while the player has to wait for a key frame. */
  #findPlace(player: Player, output: Output, nowMs: number): boolean {
    const start = this.#keyFrameStart;
    if (player.awaitingKeyFrame) {
      if (start === undefined || start < player.cursor) return false;
      if (this.#newestHeader >= player.cursor) player.greeted = false;
      player.cursor = start;
      player.awaitingKeyFrame = false;
      return true;
    }
    const oldest = Math.max(this.#log.first, output.log.first);
    const lost = player.cursor < oldest;
    const entry = lost ? undefined : this.#log.at(player.cursor);
    const late = entry !== undefined && !this.#ended && nowMs - entry.arrivedMs > this.#limits.maxLagMs;
    if (!lost && !(late && start !== undefined && start > player.cursor)) return true;
    this.facts.jumps += 1;
    if (this.#newestHeader >= player.cursor) player.greeted = false;
    if (start !== undefined && start >= oldest) {
      this.facts.skippedMessages += start - player.cursor;
      player.cursor = start;
      return true;
    }
    this.facts.skippedMessages += this.#log.next - player.cursor;
    if (!this.#hadKeyFrame || !player.selection.video) {
      player.cursor = oldest;
      return true;
    }
    player.cursor = this.#log.next;
    player.awaitingKeyFrame = true;
    return false;
  }

  /** A file header is held back until it can tell what it announces. */
  #canGreet(player: Player): boolean {
    if (player.cursor < this.#log.next) return true;
    return player.kind === 'rtmp' ? this.#log.next > 0 : this.facts.hasAudio || this.facts.hasVideo;
  }

  /** File header, metadata and sequence headers: at once, and before media. */
  #greet(player: Player, output: Output): void {
    const { fileHeader } = output.encoding;
    if (fileHeader !== undefined && !player.hasFileHeader) this.#send(player, fileHeader(this.#announced(player)));
    player.hasFileHeader = true;
    player.greeted = true;
    this.#send(player, output.encode(this.#headersFor(player)));
  }

  #headersFor({ cursor }: Player): LiveMessage[] {
    const following = this.#log.at(cursor)?.message;
    return this.#headers.messagesBefore(cursor, following?.timestamp ?? this.#newestTimestamp);
  }

  #send(player: Player, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    player.sink.write(bytes);
    player.bytesOut += bytes.length;
    this.facts.bytesOut += bytes.length;
  }

  /** Players such as mpegts.js wait for a kind that the header announces, so it announces what has been seen. */
  #announced({ selection }: Player): MediaSelection {
    const unknown = !this.facts.hasAudio && !this.facts.hasVideo;
    return {
      audio: selection.audio && (unknown || this.facts.hasAudio),
      video: selection.video && (unknown || this.facts.hasVideo),
    };
  }

  /** Where video comes back for a player; until there it gets what it has got. */
  #resumePoint({ resumingVideo, cursor }: Player): number | undefined {
    const start = this.#keyFrameStart;
    return resumingVideo && start !== undefined && start >= cursor ? start : undefined;
  }

  #watchStall(player: Player, nowMs: number): void {
    const { pendingBytes } = player.sink;
    if (player.stalledSinceMs === 0 || pendingBytes !== player.stalledPendingBytes) {
      player.stalledSinceMs = nowMs;
      player.stalledPendingBytes = pendingBytes;
    } else if (nowMs - player.stalledSinceMs >= this.#limits.stallTimeoutMs) {
      this.leave(player);
      player.sink.stalled();
    }
  }

  #drained(player: Player): void {
    this.leave(player);
    this.#onDrained?.(player);
  }

  #enter(player: Player, encoding: WireEncoding): Output {
    let output = this.#outputs.get(encoding.key);
    if (output === undefined) {
      // The next to come starts at the key frame, wherever this one is.
      const start = Math.min(player.cursor, this.#keyFrameStart ?? this.#log.next, this.#log.next);
      output = new Output(encoding, this.#log, Math.max(this.#log.first, start));
      this.#outputs.set(encoding.key, output);
    }
    output.players.add(player);
    return output;
  }

  #placeAtKeyFrame(player: Player): void {
    if (this.#limits.gopCache && this.#keyFrameStart !== undefined) {
      player.cursor = this.#keyFrameStart;
      player.awaitingKeyFrame = false;
      return;
    }
    player.cursor = this.#log.next;
    // A stream that never had a key frame (audio alone, or a codec without) is joined where it is.
    player.awaitingKeyFrame = this.#hadKeyFrame && player.selection.video;
  }

  #append(message: RawMessage, nowMs: number): void {
    const media = readMediaFacts(message);
    this.facts.latency.noteMedia(message, media, nowMs);
    const sequence = this.#log.append({ message, arrivedMs: nowMs });
    for (const key of media.headerKeys) {
      if (this.#headers.setMedia(key, message, sequence)) this.#newestHeader = sequence;
    }
    // AAC, then MP3: a codec without a configuration must not be joined with that of the codec before.
    for (const key of this.facts.noteMedia(message, media)) this.#headers.clearMedia(key);
    this.#newestTimestamp = message.timestamp;
    if (media.keyFrameTracks.length > 0) this.#noteKeyFrame(sequence, message.timestamp, media.keyFrameTracks);
    else if (media.isCoded && message.messageTypeId === messageTypes.video) this.#keyFrames = undefined;
    this.#trim(nowMs);
  }

  /** A key frame is a new start, together with the other tracks' key frames right before and after it. */
  #noteKeyFrame(sequence: number, timestamp: number, tracks: readonly string[]): void {
    this.#hadKeyFrame = true;
    let keyFrames = this.#keyFrames;
    const known = keyFrames?.tracks;
    if (
      keyFrames !== undefined &&
      tracks.every((track) => known?.has(track) === false) &&
      Math.abs(timestamp - keyFrames.timestamp) <= sameStartMs
    ) {
      for (const track of tracks) keyFrames.tracks.add(track);
    } else {
      keyFrames = { first: sequence, timestamp, tracks: new Set(tracks) };
      this.#keyFrames = keyFrames;
    }
    for (const track of tracks) {
      if (this.#startTrack === undefined || Number(track) < Number(this.#startTrack)) this.#startTrack = track;
    }
    if (this.#startTrack === undefined || !keyFrames.tracks.has(this.#startTrack)) return;
    this.#keyFrameStart = keyFrames.first;
    this.#headers.startAt(keyFrames.first);
  }

  /** Keeps what a joiner needs (from the newest key frame) and what a lagging player may still be sent. */
  #trim(nowMs: number): void {
    const log = this.#log;
    const keepFrom = this.#keyFrameStart ?? log.next;
    const keepLag = this.#outputs.size > 0;
    while (log.first < keepFrom) {
      const oldest = log.at(log.first);
      if (oldest !== undefined && keepLag && nowMs - oldest.arrivedMs <= this.#limits.maxLagMs) break;
      log.dropOldest();
    }
    while (log.bytes > this.#limits.maxGopBytes && log.first < log.next) log.dropOldest();
    if (this.#keyFrameStart === undefined || this.#keyFrameStart >= log.first) return;
    this.#keyFrameStart = undefined;
    this.#keyFrames = undefined;
    // Its key frames may never come again while another track's do.
    this.#startTrack = undefined;
  }
}

function isOf(selection: MediaSelection, { messageTypeId }: LiveMessage): boolean {
  if (messageTypeId === messageTypes.audio) return selection.audio;
  return messageTypeId === messageTypes.video && selection.video;
}
