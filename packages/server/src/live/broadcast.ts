import { messageTypes, type RawMessage } from '@millrace/protocol';
import { BroadcastFacts } from './broadcast-facts.js';
import { withCdnAddress } from './cdn-address.js';
import { readPublishedData } from './data-message.js';
import { firstMediaMs, type HandOver, isSameClock, newestMediaMs, placeOfTime } from './hand-over.js';
import { JoinHeaders } from './join-headers.js';
import { KeyFrameStart } from './key-frame-start.js';
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
/** One publication of a stream from its first message to its last, and the players that are being sent it. */
export class Broadcast {
  readonly facts: BroadcastFacts;
  readonly #limits: LiveLimits;
  readonly #cdnIp: string | undefined;
  readonly #log = new MessageLog();
  readonly #headers = new JoinHeaders();
  readonly #outputs = new Map<string, Output>();
  readonly #keyFrames = new KeyFrameStart();
  /** Sequence number of the newest sequence header or metadata in the log: who skips it must be given it again. */
  #newestHeader = -1;
  /** Of the newest audio or video. */
  #newestTimestamp = 0;
  /** When a message came last, monotonic ms. */
  #arrivedMs: number;
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
    this.#arrivedMs = nowMs;
  }

  get hasPlayers(): boolean {
    return this.#outputs.size > 0;
  }

  /** Whether a key frame has ever come: if not, waiting for one could last for ever. */
  get hadKeyFrame(): boolean {
    return this.#keyFrames.hadAny;
  }

  /** Sequence number that the next message will get. */
  get next(): number {
    return this.#log.next;
  }

  /** Takes a message from the publisher: audio, video or data. Returns whether players have something new to be sent. */
  write(received: RawMessage, nowMs: number): boolean {
    this.facts.countIn(received, nowMs);
    this.#arrivedMs = nowMs;
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
    player.span?.restart();
    player.stalledSinceMs = 0;
    if (fromStart && this.#log.first === 0) {
      player.cursor = this.#log.first;
      player.awaitingKeyFrame = false;
    } else {
      this.#placeAtKeyFrame(player);
    }
    this.#enter(player, encoding);
  }

  /**
   * A player that has had everything before `sequence` from elsewhere, headers included. Returns false, and nothing has
   * changed, where what it is to be sent next is not kept any more, or not sure to be.
   */
  joinAt(player: Player, encoding: WireEncoding, sequence: number): boolean {
    const oldest = this.#keyFrames.at ?? this.#log.first;
    if (sequence < oldest || sequence > this.#log.next) return false;
    player.greeted = true;
    player.hasFileHeader = true;
    player.stalledSinceMs = 0;
    player.cursor = sequence;
    player.awaitingKeyFrame = false;
    this.#enter(player, encoding);
    return true;
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

  /** For how long nothing has come for a player that was sent all there is, ms; 0: it was not. */
  silentMs(player: Player, nowMs: number): number {
    return player.cursor === this.#log.next && !player.awaitingKeyFrame ? nowMs - this.#arrivedMs : 0;
  }

  /** Sends a player what stands before the start of another stream, at `firstMs`, and lets it go. */
  handOver(player: Player, firstMs: number): HandOver {
    const same = isSameClock(firstMs, this.#newestTimestamp);
    const offsetMs = player.shift?.offsetMs ?? 0;
    const output = [...this.#outputs.values()].find(({ players }) => players.has(player));
    if (output === undefined || !player.greeted || player.awaitingKeyFrame || player.cursor < this.#log.first) {
      this.leave(player);
      return { sentMs: undefined, offsetMs, isSameClock: same };
    }
    output.log.catchUp();
    const end = same ? placeOfTime(this.#log, player.cursor, firstMs) : this.#log.next;
    for (const view of output.views(player.cursor, Math.max(player.cursor, end))) this.#send(player, view);
    this.leave(player);
    const sentMs = newestMediaMs(this.#log, Math.max(player.cursor, end)) ?? this.#newestTimestamp;
    return { sentMs: (sentMs + offsetMs) >>> 0, offsetMs, isSameClock: same };
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
        else if (this.#ended && output.players.has(player)) this.#drained(player);
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
    if (player.takeOver !== undefined) return this.#takeOver(player, isPlaced, nowMs);
    if (!player.greeted && this.#canGreet(player)) this.#greet(player, output);
    if (!isPlaced) return true;
    const resumeAt = this.#resumePoint(player);
    const end = player.span?.endFrom(this.#log, player.cursor);
    const next = Math.min(resumeAt ?? this.#log.next, end ?? this.#log.next);
    while (player.cursor < next) {
      const to = Math.min(next, output.log.endWithin(player.cursor, maxWriteBytes));
      for (const view of output.views(player.cursor, to)) this.#send(player, view);
      player.cursor = to;
      if (sink.pendingBytes > 0) return player.cursor === this.#log.next && !this.#ended;
    }
    if (player.cursor === end) {
      this.leave(player);
      sink.finished?.();
      return true;
    }
    if (resumeAt === undefined) {
      player.settle(this.#newestTimestamp);
      return true;
    }
    player.resumingVideo = false;
    player.onVideoResumed?.();
    return !this.flushPlayer(player, nowMs);
  }

  /** It goes on where its client has played another stream: nothing is sent before the client knows. Returns as `#advance`. */
  #takeOver(player: Player, isPlaced: boolean, nowMs: number): boolean {
    const { takeOver } = player;
    const firstMs = isPlaced ? firstMediaMs(this.#log, player.cursor) : undefined;
    if (takeOver === undefined || firstMs === undefined) return true;
    player.takeOver = undefined;
    takeOver(firstMs);
    return !this.flushPlayer(player, nowMs);
  }

  /** Moves the cursor where it may not stay. Returns false while the player has to wait for a key frame. */
  #findPlace(player: Player, output: Output, nowMs: number): boolean {
    const start = this.#keyFrames.at;
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
    player.tellBehind(nowMs);
    if (this.#newestHeader >= player.cursor) player.greeted = false;
    if (start !== undefined && start >= oldest) {
      this.facts.skippedMessages += start - player.cursor;
      player.cursor = start;
      return true;
    }
    this.facts.skippedMessages += this.#log.next - player.cursor;
    if (!this.#keyFrames.hadAny || !player.selection.video) {
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
    if (fileHeader !== undefined && !player.hasFileHeader)
      this.#send(player, fileHeader(this.facts.announced(player.selection)));
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

  /** Where video comes back for a player; until there it gets what it has got. */
  #resumePoint({ resumingVideo, cursor }: Player): number | undefined {
    const start = this.#keyFrames.at;
    return resumingVideo && start !== undefined && start >= cursor ? start : undefined;
  }

  #watchStall(player: Player, nowMs: number): void {
    if (!player.isStalled(nowMs, this.#limits.stallTimeoutMs)) return;
    this.leave(player);
    player.sink.stalled();
  }

  #drained(player: Player): void {
    this.leave(player);
    this.#onDrained?.(player);
  }

  #enter(player: Player, encoding: WireEncoding): Output {
    let output = this.#outputs.get(encoding.key);
    if (output === undefined) {
      // The next to come starts at the key frame, wherever this one is.
      const start = Math.min(player.cursor, this.#keyFrames.at ?? this.#log.next, this.#log.next);
      output = new Output(encoding, this.#log, Math.max(this.#log.first, start));
      this.#outputs.set(encoding.key, output);
    }
    output.players.add(player);
    return output;
  }

  #placeAtKeyFrame(player: Player): void {
    if (this.#limits.gopCache && this.#keyFrames.at !== undefined && player.takeOver === undefined) {
      player.cursor = this.#keyFrames.at;
      player.awaitingKeyFrame = false;
      return;
    }
    player.cursor = this.#log.next;
    // A stream that never had a key frame (audio alone, or a codec without) is joined where it is.
    player.awaitingKeyFrame = this.#keyFrames.hadAny && player.selection.video;
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
    if (media.keyFrameTracks.length > 0) {
      if (this.#keyFrames.note(sequence, message.timestamp, media.keyFrameTracks))
        this.#headers.startAt(this.#keyFrames.at ?? 0);
    } else if (media.isCoded && message.messageTypeId === messageTypes.video) {
      this.#keyFrames.noteOther();
    }
    this.#trim(nowMs);
  }

  /** Keeps what a joiner needs (from the newest key frame) and what a lagging player may still be sent. */
  #trim(nowMs: number): void {
    const log = this.#log;
    const keepFrom = this.#keyFrames.at ?? log.next;
    const keepLag = this.#outputs.size > 0;
    while (log.first < keepFrom) {
      const oldest = log.at(log.first);
      if (oldest !== undefined && keepLag && nowMs - oldest.arrivedMs <= this.#limits.maxLagMs) break;
      log.dropOldest();
    }
    while (log.bytes > this.#limits.maxGopBytes && log.first < log.next) log.dropOldest();
    if (this.#keyFrames.at === undefined || this.#keyFrames.at >= log.first) return;
    this.#keyFrames.forget();
  }
}

function isOf(selection: MediaSelection, { messageTypeId }: LiveMessage): boolean {
  if (messageTypeId === messageTypes.audio) return selection.audio;
  return messageTypeId === messageTypes.video && selection.video;
}
