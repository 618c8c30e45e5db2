import type { FileHandle } from 'node:fs/promises';
import { describeMetadata, messageTypes, parseMetadata } from '@millrace/protocol';
import { writeAll } from '../flv-file/index.js';
import { amf0Payload, type LiveMessage } from '../live/index.js';
import {
  type MediaPacket,
  Mp4Stream,
  type Mp4Track,
  packetName,
  packetsOf,
  TrackDescriber,
} from '../mp4-muxer/index.js';
import type { FormatWriter, HeldMessage, MessageFacts, ResumedFile } from './format-writer.js';
import { RecordingError } from './recording-error.js';

/** How long both kinds of media are waited for, ms of the stream: what comes later goes into another file. */
const maxWaitMs = 2000;

interface Track {
  readonly describer: TrackDescriber;
  readonly kind: 'video' | 'audio';
  /** `undefined`: the file has no such track. */
  id: number | undefined;
  /** What comes is coded otherwise than the head says. */
  isChanged: boolean;
}

/** Fragmented MP4: what the tracks are is said once, at the beginning. It holds frames; nothing else. */
export class Mp4Writer implements FormatWriter {
  readonly #recordedFor: 'publisher' | 'server';
  /** Told once of each kind of what comes and cannot be held, in words. */
  readonly #onLost: (what: string) => void;
  readonly #lost = new Set<string>();
  readonly #tracks = new Map<string, Track>();
  #stated = { width: 0, height: 0 };
  #firstFrameAt: number | undefined;
  #stream: Mp4Stream | undefined;
  /** A track has come that the head does not know. */
  #hasLateTrack = false;

  constructor(recordedFor: 'publisher' | 'server', onLost: (what: string) => void) {
    this.#recordedFor = recordedFor;
    this.#onLost = onLost;
  }

  get isOutdated(): boolean {
    return this.#hasLateTrack || [...this.#tracks.values()].some(({ isChanged }) => isChanged);
  }

  get bytes(): number {
    return this.#stream?.bytes ?? 0;
  }

  get durationMs(): number {
    return this.#stream?.tally.durationMs ?? 0;
  }

  get isEmpty(): boolean {
    return this.#stream?.tally.isEmpty ?? true;
  }

  resume(): Promise<ResumedFile> {
    const message = 'Nothing can be appended to an MP4 recording: use the type record, or an FLV file.';
    return Promise.reject(new RecordingError('NetStream.Record.NoAccess', message));
  }

  hold({ message, facts }: HeldMessage): boolean {
    this.#noteSize(message);
    for (const packet of packetsOf(message)) {
      const { describer } = this.#trackOf(packet);
      // A change that comes so early is one of the next file.
      if (!describer.hasFrame || !describer.isChange(packet)) describer.note(packet);
    }
    if (facts.isCoded) this.#firstFrameAt ??= message.timestamp;
    if (this.#firstFrameAt === undefined) return false;
    const tracks = [...this.#tracks.values()];
    const isDescribed = tracks.every(({ describer }) => describer.entry !== undefined);
    const hasBoth = tracks.some(({ kind }) => kind === 'video') && tracks.some(({ kind }) => kind === 'audio');
    return (isDescribed && hasBoth) || ((message.timestamp - this.#firstFrameAt) | 0) > maxWaitMs;
  }

  begin(held: readonly HeldMessage[]): readonly Uint8Array[] {
    const described = [...this.#tracks.values()].filter(({ describer }) => describer.entry !== undefined);
    // Video first: what is found by its key frames.
    described.sort((a, b) => Number(a.kind === 'audio') - Number(b.kind === 'audio'));
    const tracks: Mp4Track[] = [];
    for (const track of described) {
      const { describer, kind } = track;
      track.id = tracks.length + 1;
      if (describer.entry !== undefined) {
        tracks.push({ id: track.id, kind, size: describer.size, entries: [describer.entry] });
      }
    }
    if (tracks.length === 0) {
      const packet = held.flatMap(({ message }) => packetsOf(message))[0];
      // Nothing but data has come, or will: there will be no file.
      if (packet === undefined) return [];
      throw new RecordingError('NetStream.Record.Failed', `MP4 cannot hold ${packetName(packet)}; FLV can.`);
    }
    this.#stream = new Mp4Stream(tracks, this.#recordedFor);
    return [this.#stream.head()];
  }

  write(message: LiveMessage, _facts: MessageFacts, timeMs: number): readonly Uint8Array[] {
    if (message.messageTypeId !== messageTypes.audio && message.messageTypeId !== messageTypes.video) {
      if (!isMetadata(message)) this.#lose('data messages');
      return [];
    }
    return packetsOf(message).flatMap((packet) => this.#writePacket(packet, timeMs));
  }

  end(): readonly Uint8Array[] {
    const last = this.#stream?.flush() ?? [];
    return this.#stream === undefined ? last : [...last, this.#stream.index()];
  }

  async close(file: FileHandle): Promise<'done' | 'noRoom'> {
    if (this.#stream !== undefined) await writeAll(file, [this.#stream.head(true)], 0);
    return 'done';
  }

  #writePacket(packet: MediaPacket, timeMs: number): readonly Uint8Array[] {
    const track = this.#trackOf(packet);
    const { describer, id } = track;
    if (id === undefined) {
      describer.note(packet);
      if (describer.entry !== undefined) this.#hasLateTrack = true;
      else if (!packet.isConfiguration) this.#lose(packetName(packet));
      return [];
    }
    if (packet.isConfiguration) track.isChanged = describer.isChange(packet);
    else if (describer.isChange(packet)) track.isChanged = true;
    if (track.isChanged || packet.isConfiguration || packet.data.length === 0) return [];
    return this.#stream?.add(id, packet, timeMs) ?? [];
  }

  #trackOf(packet: MediaPacket): Track {
    const known = this.#tracks.get(packet.key);
    if (known !== undefined) return known;
    const describer = new TrackDescriber(this.#stated);
    const track = { describer, kind: packet.kind, id: undefined, isChanged: false };
    this.#tracks.set(packet.key, track);
    return track;
  }

  #noteSize(message: LiveMessage): void {
    if (!isMetadata(message)) return;
    const [video] = describeMetadata(parseMetadata(amf0Payload(message) ?? new Uint8Array()))?.video ?? [];
    this.#stated = { width: video?.width ?? 0, height: video?.height ?? 0 };
  }

  #lose(what: string): void {
    if (this.#lost.has(what)) return;
    this.#lost.add(what);
    this.#onLost(what);
  }
}

const metadataMark = Buffer.from('\x02\0\x0aonMetaData', 'latin1');

function isMetadata(message: LiveMessage): boolean {
  const { messageTypeId } = message;
  if (messageTypeId === messageTypes.audio || messageTypeId === messageTypes.video) return false;
  const payload = amf0Payload(message);
  return payload !== undefined && metadataMark.equals(payload.subarray(0, metadataMark.length));
}
