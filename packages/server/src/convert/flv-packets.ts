import type { FileHandle } from 'node:fs/promises';
import { describeMetadata, flvTagTypes, parseMetadata, RtmpRemoteError } from '@millrace/protocol';
import { FlvScanner } from '../flv-file/index.js';
import {
  type MediaPacket,
  type Mp4Track,
  type NewSample,
  packetName,
  packetsOf,
  TrackDescriber,
} from '../mp4-muxer/index.js';
import { FlvTimeline } from './flv-timeline.js';

/** A frame for a track of the target. Its bytes are a view that is good until the next one is asked for. */
export interface TrackFrame {
  readonly trackId: number;
  readonly sample: NewSample;
}

interface Track {
  readonly id: number;
  readonly kind: 'video' | 'audio';
  describer: TrackDescriber;
  readonly entries: Uint8Array[];
  size: { readonly width: number; readonly height: number };
}

/** Of a hostile file there can be any number; these are more than any file has. */
const maxTracks = 64;
const maxEntries = 1024;

/** The frames of an FLV file, in its order, as MP4 has them. What is no tag is passed over. */
export class FlvPackets {
  /** What MP4 has no place for, in words, and how many messages. */
  readonly lost = new Map<string, number>();
  /** Bytes that are no tags. */
  damagedBytes = 0;
  readonly #scanner: FlvScanner;
  readonly #size: number;
  readonly #onProgress: (share: number) => void;
  readonly #timeline = new FlvTimeline();
  readonly #tracks = new Map<string, Track>();
  #stated = { width: 0, height: 0 };

  constructor(source: FileHandle, size: number, onProgress: (share: number) => void) {
    this.#scanner = new FlvScanner(source, size, { resync: true });
    this.#size = size;
    this.#onProgress = onProgress;
  }

  /** Those of which frames can be kept, video first. */
  get tracks(): readonly Mp4Track[] {
    const known = [...this.#tracks.values()].filter(({ entries }) => entries.length > 0);
    return known.sort((a, b) => Number(a.kind === 'audio') - Number(b.kind === 'audio'));
  }

  /**
   * Rejects with the system's errors.
   *
   * @throws RtmpRemoteError `ERR_FLV_…` where it is no FLV file
   */
  async *frames(): AsyncGenerator<TrackFrame> {
    await this.#scanner.header();
    for (let item = await this.#scanner.next(); item !== undefined; item = await this.#scanner.next()) {
      this.#onProgress(this.#scanner.offset / this.#size);
      if (item.kind === 'damage') {
        this.damagedBytes += item.end - item.offset;
        continue;
      }
      const payload = await this.#scanner.payload(item);
      if (item.filtered) this.#lose('encrypted tags');
      else if (item.tagType === flvTagTypes.script) this.#takeData(payload);
      else {
        for (const packet of packetsOf({ messageTypeId: item.tagType, payload })) {
          const frame = this.#frameOf(packet, item.timestamp);
          if (frame !== undefined) yield frame;
        }
      }
    }
  }

  #frameOf(packet: MediaPacket, timestamp: number): TrackFrame | undefined {
    const track = this.#trackOf(packet);
    if (track.describer.isChange(packet) && track.describer.hasFrame)
      track.describer = new TrackDescriber(this.#stated);
    const { describer } = track;
    const isFirst = !describer.hasFrame;
    // The scanner's memory is used again, and a description is kept.
    if (packet.isConfiguration || isFirst) describer.note(keep(packet));
    if (packet.isConfiguration || packet.data.length === 0) return undefined;
    if (isFirst && describer.entry !== undefined) {
      track.entries.push(describer.entry);
      if (track.entries.length === 1) track.size = describer.size;
      if (track.entries.length > maxEntries) {
        throw new RtmpRemoteError('ERR_FLV_TOO_MANY_CONFIGURATIONS', 'its codecs change too often for MP4');
      }
    }
    if (describer.entry === undefined) {
      this.#lose(packetName(packet));
      return undefined;
    }
    const timeMs = this.#timeline.timeOf(timestamp);
    const isVideo = packet.kind === 'video';
    const offsetMs = isVideo ? packet.offsetMs : 0;
    const isSync = !isVideo || packet.isKeyFrame;
    const sample = { data: packet.data, timeMs, offsetMs, isSync, entry: track.entries.length };
    return { trackId: track.id, sample };
  }

  #trackOf({ key, kind }: MediaPacket): Track {
    const known = this.#tracks.get(key);
    if (known !== undefined) return known;
    if (this.#tracks.size >= maxTracks) throw new RtmpRemoteError('ERR_FLV_TOO_MANY_TRACKS', 'it has too many tracks');
    const describer = new TrackDescriber(this.#stated);
    const track = { id: this.#tracks.size + 1, kind, describer, entries: [], size: this.#stated };
    this.#tracks.set(key, track);
    return track;
  }

  #takeData(payload: Uint8Array): void {
    const metadata = parseMetadata(payload);
    if (metadata.handler !== 'onMetaData') {
      this.#lose('data messages');
      return;
    }
    const [video] = describeMetadata(metadata)?.video ?? [];
    if (video !== undefined) this.#stated = { width: video.width ?? 0, height: video.height ?? 0 };
  }

  #lose(what: string): void {
    this.lost.set(what, (this.lost.get(what) ?? 0) + 1);
  }
}

function keep(packet: MediaPacket): MediaPacket {
  return { ...packet, data: Uint8Array.from(packet.data) };
}
