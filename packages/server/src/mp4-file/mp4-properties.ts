import type { AmfInput } from '@millrace/protocol';
import type { MovieTrack } from './movie.js';
import type { Mp4Index } from './mp4-reader.js';
import type { AudioEntry, VideoEntry } from './sample-entry.js';

/** The members of `onMetaData`: those of FLV files, and of what Flash Media Server adds for MP4 what clients ask for. */
export function mp4Properties(index: Mp4Index, durationMs: number): Record<string, AmfInput> {
  const { video, audio, moviePosition } = index;
  const properties: Record<string, AmfInput> = { duration: durationMs / 1000, moovPosition: moviePosition };
  const videoEntry = firstVideoEntry(video);
  if (video !== undefined && videoEntry !== undefined) {
    const frameRate = frameRateOf(video);
    Object.assign(properties, {
      width: videoEntry.width,
      height: videoEntry.height,
      videocodecid: videoEntry.codecId,
      ...(frameRate === undefined ? {} : { framerate: frameRate, videoframerate: frameRate }),
      ...(videoEntry.codec === 'h264' ? avcProperties(videoEntry) : {}),
    });
  }
  const audioEntry = firstAudioEntry(audio);
  if (audioEntry !== undefined) {
    Object.assign(properties, {
      audiocodecid: audioEntry.codecId,
      audiosamplerate: audioEntry.sampleRate,
      audiochannels: audioEntry.channels,
      stereo: audioEntry.channels > 1,
    });
  }
  properties.trackinfo = [video, audio].filter((track) => track !== undefined).map(trackInfo);
  return properties;
}

export function firstVideoEntry(track: MovieTrack | undefined): VideoEntry | undefined {
  return track?.entries.find((entry) => entry?.kind === 'video');
}

export function firstAudioEntry(track: MovieTrack | undefined): AudioEntry | undefined {
  return track?.entries.find((entry) => entry?.kind === 'audio');
}

/** Frames a second on average, to a thousandth; `undefined`: there are too few to say. */
export function frameRateOf({ table }: MovieTrack): number | undefined {
  return table.count < 2 || table.endMs === 0 ? undefined : Math.round((table.count * 1_000_000) / table.endMs) / 1000;
}

/** Second and fourth byte of the configuration, which is behind the 5 bytes of FLV's header. */
function avcProperties({ header }: VideoEntry): Record<string, number> {
  return { avcprofile: header?.[6] ?? 0, avclevel: header?.[8] ?? 0 };
}

function trackInfo({ table, timescale, language }: MovieTrack): Record<string, AmfInput> {
  return { length: Math.round((table.endMs * timescale) / 1000), timescale, language };
}
