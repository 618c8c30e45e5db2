import type { MediaPacket } from './mp4-packets.js';
import { audioSampleEntry, type FrameSize, videoSampleEntry } from './mp4-sample-entry.js';

/** A track as the head of a file describes it. */
export interface Mp4Track {
  /** 1 …, as files number them. */
  readonly id: number;
  readonly kind: 'video' | 'audio';
  readonly size: FrameSize;
  /** One for each configuration that its samples have. */
  readonly entries: readonly Uint8Array[];
}

const nothing = new Uint8Array(0);
const widthOffset = 32;

/** Finds out what a track is from what comes of it: its configuration, its first frame, or both. */
export class TrackDescriber {
  readonly #stated: FrameSize;
  #configuration: MediaPacket | undefined;
  #frame: MediaPacket | undefined;
  #entry: Buffer | undefined;

  /** `stated`: what the metadata says, for codecs whose configuration does not. */
  constructor(stated: FrameSize) {
    this.#stated = stated;
  }

  /** The sample entry; `undefined`: not known yet, or MP4 has no place for the codec. */
  get entry(): Uint8Array | undefined {
    return this.#entry;
  }

  /** Whether a frame has come with the configuration that is known. */
  get hasFrame(): boolean {
    return this.#frame !== undefined;
  }

  /** Of video; 0 where it is not known. */
  get size(): FrameSize {
    if (this.#configuration?.kind !== 'video' || this.#entry === undefined) return { width: 0, height: 0 };
    return { width: this.#entry.readUInt16BE(widthOffset), height: this.#entry.readUInt16BE(widthOffset + 2) };
  }

  /** Whether this says that what follows is coded otherwise than what came. */
  isChange(packet: MediaPacket): boolean {
    const before = this.#configuration;
    if (before === undefined) return packet.isConfiguration;
    if (before.codec !== packet.codec) return true;
    // An empty one says that there is none; senders of Opus do so.
    return packet.isConfiguration && packet.data.length > 0 && Buffer.compare(before.data, packet.data) !== 0;
  }

  note(packet: MediaPacket): void {
    if (packet.isConfiguration) {
      if (this.#configuration !== undefined && !this.isChange(packet)) return;
      this.#configuration = packet;
      this.#frame = undefined;
    } else {
      if (this.#frame !== undefined) return;
      this.#frame = packet;
      this.#configuration ??= { ...packet, data: nothing };
    }
    this.#entry = this.#describe(this.#configuration, this.#frame);
  }

  #describe(from: MediaPacket, frame: MediaPacket | undefined): Buffer | undefined {
    const record = from.isConfiguration ? from.data : undefined;
    const firstFrame = frame?.data;
    if (from.kind === 'video')
      return videoSampleEntry({ codec: from.codec, record, config: from.config, firstFrame }, this.#stated);
    const config = from.config ?? (frame?.kind === 'audio' ? frame.config : undefined);
    return audioSampleEntry({ codec: from.codec, record, config, firstFrame });
  }
}
