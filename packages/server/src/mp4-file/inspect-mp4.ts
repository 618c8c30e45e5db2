import type { FileHandle } from 'node:fs/promises';
import { parseAudioConfig, parseVideoConfig } from '@millrace/protocol';
import type { FlvDamage, FlvReport, FlvTrackReport } from '../flv-file/index.js';
import { fileSource } from '../media-file/index.js';
import type { MovieTrack } from './movie.js';
import { Mp4File } from './mp4-file.js';
import { firstAudioEntry, firstVideoEntry, frameRateOf } from './mp4-properties.js';

/**
 * What is in an MP4 file, told as of an FLV file: samples are tags. Reads its index. Rejects with the system's errors.
 *
 * @throws RtmpRemoteError `ERR_MP4_…`
 */
export async function inspectMp4(file: FileHandle): Promise<FlvReport> {
  const { size } = await file.stat();
  const { index, durationMs } = await Mp4File.open(fileSource(file, size));
  const { video, audio, statedDurationMs } = index;
  const videoEntry = firstVideoEntry(video);
  const audioEntry = firstAudioEntry(audio);
  const missing = [...missingIn(video, size), ...missingIn(audio, size)];
  const damages: FlvDamage[] = [...index.damages.map((one) => ({ kind: 'damage' as const, ...one })), ...missing];
  const { keyFrameCount, longestGopMs } = keyFramesOf(video);
  const frameRate = video === undefined ? undefined : frameRateOf(video);
  const { codec: videoCodec, width, height } = videoEntry ?? {};
  const { codec: audioCodec, sampleRate, channels } = audioEntry ?? {};
  return {
    bytes: size,
    durationMs,
    statedDurationMs,
    video: trackReport(video, videoCodec, videoEntry?.header && parseVideoConfig(videoEntry.header)),
    audio: trackReport(audio, audioCodec, audioEntry?.header && parseAudioConfig(audioEntry.header)),
    dataTags: 0,
    metadata: {
      video:
        videoCodec === undefined
          ? []
          : [
              {
                trackId: 0,
                codec: videoCodec,
                ...known({ width, height }),
                ...(frameRate === undefined ? {} : { frameRate }),
              },
            ],
      audio: audioCodec === undefined ? [] : [{ trackId: 0, codec: audioCodec, ...known({ sampleRate, channels }) }],
      ...(statedDurationMs === undefined ? {} : { durationSeconds: statedDurationMs / 1000 }),
    },
    keyFrameCount,
    longestGopMs,
    damages,
    damageCount: damages.length,
    lostBytes: damages.reduce((sum, { offset, end }) => sum + end - offset, 0),
    wrongTrailers: 0,
    backwardSteps: (video?.table.backwardSteps ?? 0) + (audio?.table.backwardSteps ?? 0),
    skippedTags: 0,
  };
}

function trackReport<Codec, Config>(
  track: MovieTrack | undefined,
  codec: Codec | undefined,
  config: Config | undefined,
): FlvTrackReport<Codec, Config> {
  return { codec, config, tags: track?.table.count ?? 0, bytes: track?.table.bytes ?? 0 };
}

/** Without what is 0, as nothing is said of it. */
function known<T extends Record<string, number | undefined>>(values: T): Partial<Record<keyof T, number>> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value > 0);
  return Object.fromEntries(entries) as Partial<Record<keyof T, number>>;
}

function missingIn(track: MovieTrack | undefined, size: number): FlvDamage[] {
  const count = track?.table.lostSamples ?? 0;
  const reason = `${count} samples of ${track?.kind ?? ''} are not in the file`;
  return count === 0 ? [] : [{ kind: 'damage', offset: size, end: size, reason }];
}

/** Two key frames' distance at most, the end counted as one. */
function keyFramesOf(video: MovieTrack | undefined): { keyFrameCount: number; longestGopMs: number } {
  if (video === undefined || video.table.count === 0) return { keyFrameCount: 0, longestGopMs: 0 };
  const { table } = video;
  let longestGopMs = 0;
  let before: number | undefined;
  for (let key = table.keyAtOrAfter(0); key !== undefined; key = table.keyAtOrAfter(key + 1)) {
    longestGopMs = Math.max(longestGopMs, table.timeOf(key) - (before ?? table.timeOf(key)));
    before = table.timeOf(key);
  }
  const keyFrameCount = table.keyCount ?? table.count;
  return { keyFrameCount, longestGopMs: before === undefined ? 0 : Math.max(longestGopMs, table.endMs - before) };
}
