import { describe, expect, it } from 'vitest';
import {
  avcHeader,
  encodeSample,
  interFrame,
  keyFrame,
  MemorySource,
  metadataTag,
  sampleTags,
} from '../../test/flv-sample.js';
import { FlvFile } from '../flv-file/index.js';
import type { MediaFile, MediaReader } from '../media-file/index.js';
import { FlvBody, type FlvBodyOptions } from './flv-body.js';

const both = { audio: true, video: true };

async function fileOf(bytes: Uint8Array): Promise<{ file: FlvFile; source: MemorySource }> {
  const source = new MemorySource(bytes);
  return { file: await FlvFile.open(source), source };
}

async function collect(file: MediaFile, options: FlvBodyOptions): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of new FlvBody(file, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('FlvBody', () => {
  it('is the file with the metadata that is true of it', async () => {
    const tags = sampleTags(3000);
    const bytes = encodeSample([metadataTag({ duration: 0, width: 64, filler: 'x' }), ...tags]);
    const body = await collect((await fileOf(bytes)).file, { selection: both });
    const end = encodeSample(tags).subarray(13);
    expect(body.subarray(-end.length).equals(end)).toBe(true);
    expect(body.toString('latin1')).not.toContain('filler');
    expect(body.subarray(0, 13).equals(bytes.subarray(0, 13))).toBe(true);
  });

  it('announces what there is, and what is wanted', async () => {
    const silent = [{ type: 'video', timestamp: 0, payload: avcHeader } as const, keyFrame(0), interFrame(40)];
    const { file } = await fileOf(encodeSample(silent));
    expect((await collect(file, { selection: both }))[4]).toBe(1);
    const loud = await fileOf(encodeSample(sampleTags(1000)));
    expect((await collect(loud.file, { selection: both }))[4]).toBe(5);
    expect((await collect(loud.file, { selection: { audio: true, video: false } }))[4]).toBe(4);
  });

  it('does not read ahead of who takes it', async () => {
    const { file, source } = await fileOf(encodeSample(sampleTags(60_000, 20_000)));
    const before = source.readBytes;
    let taken = 0;
    for await (const piece of new FlvBody(file, { startMs: 0, selection: both })) {
      taken += piece.length;
      expect(piece.length).toBeLessThan(128 * 1024);
      // A window, and that from which it was learnt whether there is sound.
      expect(source.readBytes - before).toBeLessThan(taken + 1024 * 1024);
      if (taken > 3_000_000) break;
    }
  });

  it('waits for a file that is being written', async () => {
    const whole = await fileOf(encodeSample(sampleTags(2000)));
    let isWritten = false;
    const growing = new Proxy(whole.file, {
      get(file, name) {
        if (name === 'reader') {
          return (position: number): MediaReader => {
            const reader = file.reader(position);
            return {
              peek: () => {
                const tag = reader.peek();
                const isLate = typeof tag === 'object' && tag.timestamp >= 1000;
                return isLate && !isWritten ? 'later' : tag;
              },
              skip: () => reader.skip(),
              fill: () => reader.fill(),
            };
          };
        }
        const value: unknown = Reflect.get(file, name, file);
        return typeof value === 'function' ? value.bind(file) : value;
      },
    });
    let bytes = 0;
    for await (const piece of new FlvBody(growing, { selection: both })) {
      bytes += piece.length;
      // Nothing to give: who takes it looks whether somebody is still there.
      if (piece.length === 0) isWritten = true;
    }
    expect(isWritten).toBe(true);
    expect(bytes).toBe((await collect(whole.file, { selection: both })).length);
  });
});
