import type { FileHandle } from 'node:fs/promises';
import { RtmpRemoteError } from '@millrace/protocol';
import { writeAll } from '../flv-file/index.js';
import { Mp4Movie, SampleBatches } from '../mp4-muxer/index.js';
import type { ConvertReport } from './convert-report.js';
import { FlvPackets } from './flv-packets.js';

type Batch = ReturnType<SampleBatches['end']>;

/** Of a file with more, the tables alone would take 200 MB; at 60 frames a second and AAC these are 44 hours. */
const maxSamples = 16_000_000;
const maxFrameBytes = 0xff_ffff;

/**
 * Writes the frames of an FLV file into an empty file, as MP4 that says everything in its head: what plays everywhere,
 * and over HTTP before all of it is there. The source is read twice; in memory are its tables and a second of media.
 * Rejects with the system's errors.
 *
 * @throws RtmpRemoteError where `source` is no FLV file, or MP4 cannot hold it
 */
export async function flvToMp4(
  source: FileHandle,
  target: FileHandle,
  onProgress: (share: number) => void,
): Promise<ConvertReport> {
  const { size } = await source.stat();
  const movie = new Mp4Movie();
  const plan = new FlvPackets(source, size, (share) => onProgress(share / 2));
  await planMovie(plan, movie);
  const head = movie.head(plan.tracks);
  await writeAll(target, [head], 0);
  let position = head.length;
  const packets = new FlvPackets(source, size, (share) => onProgress(0.5 + share / 2));
  await eachBatch(
    packets,
    (data) => Uint8Array.from(data),
    async (batch) => {
      const parts = (batch ?? []).flatMap(({ samples }) => samples.map(({ data }) => data));
      await writeAll(target, parts, position);
      position += parts.reduce((sum, { length }) => sum + length, 0);
    },
  );
  const { durationMs, sampleCount } = movie;
  const { lost, damagedBytes } = plan;
  return { durationMs, frames: sampleCount, bytes: position, lost, damagedBytes, missingFrames: 0 };
}

async function planMovie(plan: FlvPackets, movie: Mp4Movie): Promise<void> {
  const zeroes = new Uint8Array(maxFrameBytes);
  await eachBatch(
    plan,
    (data) => zeroes.subarray(0, data.length),
    async (batch) => {
      movie.note(batch ?? []);
      if (movie.sampleCount > maxSamples)
        throw new RtmpRemoteError('ERR_FLV_TOO_LONG', 'it has too many frames for MP4');
    },
  );
  if (plan.tracks.length === 0) {
    const what = [...plan.lost.keys()].join(', ') || 'nothing';
    throw new RtmpRemoteError('ERR_FLV_NO_MEDIA', `there is nothing in it that MP4 can hold: ${what}`);
  }
}

async function eachBatch(
  packets: FlvPackets,
  copy: (data: Uint8Array) => Uint8Array,
  take: (batch: Batch) => Promise<void>,
): Promise<void> {
  const batches = new SampleBatches(undefined);
  for await (const { trackId, sample } of packets.frames()) {
    const batch = batches.add(trackId, { ...sample, data: copy(sample.data) });
    if (batch !== undefined) await take(batch);
  }
  await take(batches.end());
}
