import { encodeFlvHeader, encodeFlvTag, encodeMetadata, flvTagTypes } from '@millrace/protocol';
import type { ByteSource } from '../src/media-file/byte-source.js';

/** A tag of a file made for tests. */
export interface SampleTag {
  readonly type: 'audio' | 'video' | 'script';
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

export const avcHeader = Uint8Array.of(0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, 0x1e);
export const aacHeader = Uint8Array.of(0xaf, 0, 0x11, 0x90);

export function keyFrame(timestamp: number, length = 100): SampleTag {
  return { type: 'video', timestamp, payload: frame([0x17, 1, 0, 0, 0], timestamp, length) };
}

export function interFrame(timestamp: number, length = 100): SampleTag {
  return { type: 'video', timestamp, payload: frame([0x27, 1, 0, 0, 0], timestamp, length) };
}

export function sound(timestamp: number): SampleTag {
  return { type: 'audio', timestamp, payload: frame([0xaf, 1], timestamp, 20) };
}

function frame(head: readonly number[], timestamp: number, length: number): Uint8Array {
  const payload = new Uint8Array(head.length + length).fill(timestamp % 251);
  payload.set(head);
  return payload;
}

/** Headers, then a frame of video and of sound every 100 ms, a key frame every second. */
export function sampleTags(durationMs: number, frameBytes = 100): SampleTag[] {
  const tags: SampleTag[] = [
    { type: 'video', timestamp: 0, payload: avcHeader },
    { type: 'audio', timestamp: 0, payload: aacHeader },
  ];
  for (let timestamp = 0; timestamp < durationMs; timestamp += 100) {
    tags.push(timestamp % 1000 === 0 ? keyFrame(timestamp, frameBytes) : interFrame(timestamp, frameBytes));
    tags.push(sound(timestamp + 5));
  }
  return tags;
}

export function metadataTag(properties: Parameters<typeof encodeMetadata>[0]): SampleTag {
  return { type: 'script', timestamp: 0, payload: encodeMetadata(properties) };
}

export function encodeSample(tags: readonly SampleTag[]): Uint8Array {
  return Buffer.concat([
    encodeFlvHeader({ audio: true, video: true }),
    ...tags.map(({ type, timestamp, payload }) => encodeFlvTag(flvTagTypes[type], timestamp, payload)),
  ]);
}

/** A file in memory, which counts what was read. */
export class MemorySource implements ByteSource {
  readBytes = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const part = this.#bytes.subarray(position, position + target.length);
    target.set(part);
    this.readBytes += part.length;
    return part.length;
  }
}
