import {
  type AudioCodec,
  type AudioConfig,
  describeMetadata,
  type MetadataDescription,
  messageTypes,
  parseAudioConfig,
  parseMetadata,
  parseVideoConfig,
  type RawMessage,
  type VideoCodec,
  type VideoConfig,
} from '@millrace/protocol';
import type { MediaFacts } from './media-facts.js';
import { PublisherLatency } from './publisher-latency.js';
import { RateMeter } from './rate-meter.js';
import type { MediaSelection } from './wire-encoding.js';

const maxEarlyMs = 60_000;

/** What is known of a broadcast: its codecs, rates and counts. For people; nothing in the live path depends on it. */
export class BroadcastFacts {
  hasAudio = false;
  hasVideo = false;
  /** As the tag headers name it: `h264`, `av1`, `aac`, …; `undefined` until media came. */
  videoCodec: VideoCodec | undefined;
  audioCodec: AudioCodec | undefined;
  videoConfig: VideoConfig | undefined;
  audioConfig: AudioConfig | undefined;
  /** What the publisher claims; `undefined` until it has claimed something. */
  metadata: MetadataDescription | undefined;
  bytesIn = 0;
  bytesOut = 0;
  /** Times a player that lagged was moved to a key frame, and the messages they missed. */
  jumps = 0;
  skippedMessages = 0;
  readonly videoRate: RateMeter;
  readonly audioRate: RateMeter;
  readonly latency: PublisherLatency;
  readonly startedMs: number;
  #firstTimestamp: number | undefined;
  #newestTimestamp = 0;

  /** `wallClock`: Unix ms, to compare the publisher's with. */
  constructor(nowMs: number, wallClock: () => number) {
    this.startedMs = nowMs;
    this.videoRate = new RateMeter(nowMs);
    this.audioRate = new RateMeter(nowMs);
    this.latency = new PublisherLatency(wallClock);
  }

  /** From the first audio or video to the newest, ms; `undefined`: none has come. */
  get mediaTimeMs(): number | undefined {
    if (this.#firstTimestamp === undefined) return undefined;
    // Timestamps begin again at 0 after 49.7 days; audio may begin a little earlier than the video that came before it.
    const timeMs = (this.#newestTimestamp - this.#firstTimestamp) >>> 0;
    return timeMs > 2 ** 32 - maxEarlyMs ? 0 : timeMs;
  }

  /** Players such as mpegts.js wait for a kind that a file header announces, so it announces what has been seen. */
  announced(selection: MediaSelection): MediaSelection {
    const unknown = !this.hasAudio && !this.hasVideo;
    return {
      audio: selection.audio && (unknown || this.hasAudio),
      video: selection.video && (unknown || this.hasVideo),
    };
  }

  countIn({ messageTypeId, payload, timestamp }: RawMessage, nowMs: number): void {
    this.bytesIn += payload.length;
    if (messageTypeId === messageTypes.video) this.videoRate.add(payload.length, nowMs);
    else if (messageTypeId === messageTypes.audio) this.audioRate.add(payload.length, nowMs);
    else return;
    this.#firstTimestamp ??= timestamp;
    this.#newestTimestamp = timestamp;
  }

  /** Returns the keys of the sequence headers that no longer hold: the default track has changed to a codec without one. */
  noteMedia({ messageTypeId, payload }: RawMessage, media: MediaFacts): readonly string[] {
    if (payload.length === 0) return [];
    const isVideo = messageTypeId === messageTypes.video;
    const key = isVideo ? 'video:0:sequence' : 'audio:0:sequence';
    const before = isVideo ? this.videoCodec : this.audioCodec;
    const codec = isVideo ? media.videoCodec : media.audioCodec;
    const isHeader = media.headerKeys.includes(key);
    const isOutdated = before !== undefined && codec !== undefined && codec !== before && media.isCoded;
    if (isVideo) {
      this.hasVideo = true;
      this.videoCodec = media.videoCodec ?? this.videoCodec;
      if (isHeader) this.videoConfig = parseVideoConfig(payload) ?? this.videoConfig;
      else if (isOutdated) this.videoConfig = undefined;
    } else {
      this.hasAudio = true;
      this.audioCodec = media.audioCodec ?? this.audioCodec;
      if (isHeader) this.audioConfig = parseAudioConfig(payload) ?? this.audioConfig;
      else if (isOutdated) this.audioConfig = undefined;
    }
    return isOutdated ? [key] : [];
  }

  /**
   * What the metadata should say of the media that there are, and does not. Before any has come, what it claims itself
   * counts.
   */
  get missingMetadata(): readonly string[] {
    const video = this.metadata?.video[0];
    const audio = this.metadata?.audio[0];
    const known = this.hasVideo || this.hasAudio;
    const missing: string[] = [];
    if (known ? this.hasVideo : video !== undefined) {
      if (video?.frameRate === undefined) missing.push('framerate');
      if (video?.dataRateKbps === undefined) missing.push('videodatarate');
    }
    if ((known ? this.hasAudio : audio !== undefined) && audio?.dataRateKbps === undefined) {
      missing.push('audiodatarate');
    }
    return missing;
  }

  /** `undefined`: the metadata cannot be read. */
  noteMetadata(payload: Uint8Array | undefined): void {
    if (payload === undefined) return;
    const metadata = describeMetadata(parseMetadata(payload));
    if (metadata === undefined) return;
    this.metadata = metadata;
    this.latency.noteMetadata(metadata);
  }
}
