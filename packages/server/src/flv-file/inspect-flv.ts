import type { FileHandle } from 'node:fs/promises';
import {
  type AudioCodec,
  type AudioConfig,
  describeMetadata,
  flvTagTypes,
  type MetadataDescription,
  parseAudioConfig,
  parseAudioTagHeader,
  parseMetadata,
  parseVideoConfig,
  parseVideoTagHeader,
  type VideoCodec,
  type VideoConfig,
} from '@millrace/protocol';
import { firstTagOffset } from './flv-head.js';
import { type FlvDamage, FlvScanner, type ScannedTag } from './flv-scanner.js';
import { FlvTally } from './flv-tally.js';
import { maxReportedDamages, type Progress } from './rewrite-flv.js';
import { readHead, tagHeaderPeekBytes } from './survey-flv.js';

export interface FlvTrackReport<Codec, Config> {
  /** Of the first message; `undefined` until one names a codec that is known. */
  codec: Codec | undefined;
  config: Config | undefined;
  tags: number;
  bytes: number;
}

/** What is in a file. */
export interface FlvReport {
  readonly bytes: number;
  readonly durationMs: number;
  /** As the metadata says; `undefined`: it does not, as in a file that was never completed. */
  readonly statedDurationMs: number | undefined;
  readonly video: FlvTrackReport<VideoCodec, VideoConfig>;
  readonly audio: FlvTrackReport<AudioCodec, AudioConfig>;
  readonly dataTags: number;
  readonly metadata: MetadataDescription | undefined;
  readonly keyFrameCount: number;
  /** Between two key frames, ms. */
  readonly longestGopMs: number;
  /** The first thousand. */
  readonly damages: readonly FlvDamage[];
  readonly damageCount: number;
  readonly lostBytes: number;
  /** PreviousTagSizes that are missing or wrong. */
  readonly wrongTrailers: number;
  /** Tags whose time is before that of the tag of their kind before. */
  readonly backwardSteps: number;
  readonly skippedTags: number;
}

/** Configurations are far shorter; what claims to be a longer one is counted, not read. */
const maxConfigBytes = 64 * 1024;

/**
 * Reads a whole file, with memory for one tag of it. Rejects with the system's errors.
 *
 * @throws RtmpRemoteError where it is no FLV file
 */
export async function inspectFlv(file: FileHandle, onProgress: Progress = () => undefined): Promise<FlvReport> {
  const { size } = await file.stat();
  const scanner = new FlvScanner(file, size, { resync: true });
  await scanner.header();
  const tally = new FlvTally();
  const tracks = new Tracks();
  const damages: FlvDamage[] = [];
  let [damageCount, lostBytes, wrongTrailers, longestGopMs] = [0, 0, 0, 0];
  let keyFrameMs: number | undefined;
  for (let item = await scanner.next(); item !== undefined; item = await scanner.next()) {
    onProgress(scanner.offset / size);
    if (item.kind === 'damage') {
      damageCount += 1;
      lostBytes += item.end - item.offset;
      if (damages.length < maxReportedDamages) damages.push(item);
      continue;
    }
    if (!item.hasTrailer) wrongTrailers += 1;
    const payload = await scanner.payload(item, tagHeaderPeekBytes);
    const isHead = item.offset === firstTagOffset && (await readHead(scanner, item)) !== undefined;
    if (!isHead && tally.note(item.tagType, item.timestamp, payload, item.offset)) {
      longestGopMs = Math.max(longestGopMs, item.timestamp - (keyFrameMs ?? item.timestamp));
      keyFrameMs = item.timestamp;
    }
    await tracks.note(scanner, item, payload);
  }
  const { durationMs, keyFrameCount } = tally;
  const { video, audio, dataTags, metadata, backwardSteps } = tracks;
  const stated = metadata?.durationSeconds;
  return {
    bytes: size,
    durationMs,
    statedDurationMs: stated === undefined ? undefined : stated * 1000,
    video,
    audio,
    dataTags,
    metadata,
    keyFrameCount,
    longestGopMs: Math.max(longestGopMs, keyFrameMs === undefined ? 0 : durationMs - keyFrameMs),
    damages,
    damageCount,
    lostBytes,
    wrongTrailers,
    backwardSteps,
    skippedTags: scanner.skippedTags,
  };
}

class Tracks {
  readonly video: FlvReport['video'] = { codec: undefined, config: undefined, tags: 0, bytes: 0 };
  readonly audio: FlvReport['audio'] = { codec: undefined, config: undefined, tags: 0, bytes: 0 };
  dataTags = 0;
  metadata: MetadataDescription | undefined;
  backwardSteps = 0;
  readonly #newestMs = new Map<number, number>();

  /** `start`: the first bytes of the payload. Becomes invalid here. */
  async note(scanner: FlvScanner, tag: ScannedTag, start: Uint8Array): Promise<void> {
    const isReadable = tag.payloadBytes <= maxConfigBytes;
    switch (tag.tagType) {
      case flvTagTypes.video: {
        count(this.video, tag);
        const header = parseVideoTagHeader(start);
        if (header !== undefined && header.codec !== 'unknown') this.video.codec ??= header.codec;
        const isConfig = header?.isSequenceStart === true && this.video.config === undefined && isReadable;
        if (isConfig) this.video.config = parseVideoConfig(await scanner.payload(tag));
        break;
      }
      case flvTagTypes.audio: {
        count(this.audio, tag);
        const header = parseAudioTagHeader(start);
        if (header !== undefined && header.codec !== 'unknown') this.audio.codec ??= header.codec;
        const isConfig = header?.isSequenceStart === true && this.audio.config === undefined && isReadable;
        if (isConfig) this.audio.config = parseAudioConfig(await scanner.payload(tag));
        break;
      }
      case flvTagTypes.script:
        this.dataTags += 1;
        this.metadata ??= describeMetadata(parseMetadata(await scanner.payload(tag)));
        return;
      default:
        tag.tagType satisfies never;
    }
    if (tag.timestamp < (this.#newestMs.get(tag.tagType) ?? tag.timestamp)) this.backwardSteps += 1;
    this.#newestMs.set(tag.tagType, tag.timestamp);
  }
}

function count(track: { tags: number; bytes: number }, { payloadBytes }: ScannedTag): void {
  track.tags += 1;
  track.bytes += payloadBytes;
}
