import type { AmfValue } from '../amf/index.js';
import {
  type AudioCodec,
  audioFourCcEntry,
  fourCcToNumber,
  soundFormats,
  type VideoCodec,
  videoCodecIds,
  videoFourCcEntry,
} from './four-cc.js';
import { type DataFrame, propertiesOf } from './metadata.js';

/** What metadata claims about a video track. Absent: not said, or not a usable number. */
export interface VideoDescription {
  readonly trackId: number;
  readonly codec?: VideoCodec;
  readonly width?: number;
  readonly height?: number;
  /** Frames a second. */
  readonly frameRate?: number;
  /** kbit/s. */
  readonly dataRateKbps?: number;
}

/** What metadata claims about an audio track. Absent: not said, or not a usable number. */
export interface AudioDescription {
  readonly trackId: number;
  readonly codec?: AudioCodec;
  /** Hz. */
  readonly sampleRate?: number;
  readonly channels?: number;
  /** kbit/s. */
  readonly dataRateKbps?: number;
}

export interface MetadataDescription {
  /** The default track first, where anything is said about it, then those of `videoTrackIdInfoMap`. */
  readonly video: readonly VideoDescription[];
  /** The default track first, where anything is said about it, then those of `audioTrackIdInfoMap`. */
  readonly audio: readonly AudioDescription[];
  /** Seconds; absent for live streams, which mostly say 0. */
  readonly durationSeconds?: number;
  /** The software that made the stream. */
  readonly encoder?: string;
  /** UTC ms at RTMP timestamp 0, from `cu_basetime` or `cubasetime`. */
  readonly baseTimeMs?: number;
}

// Track ids have eight bits.
const maxTrackId = 255;

/** Gathers what an `onMetaData` says. `undefined`: another handler, or no properties. Never throws. */
export function describeMetadata(frame: DataFrame): MetadataDescription | undefined {
  if (frame.handler !== 'onMetaData') return undefined;
  const properties = propertiesOf(frame.values[0]);
  if (properties.size === 0) return undefined;
  const durationSeconds = positive(properties.get('duration'));
  const encoder = properties.get('encoder');
  const baseTimeMs = positive(properties.get('cu_basetime')) ?? positive(properties.get('cubasetime'));
  return {
    video: tracks(properties, 'videoTrackIdInfoMap', describeVideo),
    audio: tracks(properties, 'audioTrackIdInfoMap', describeAudio),
    ...present({ durationSeconds, encoder: typeof encoder === 'string' ? encoder : undefined, baseTimeMs }),
  };
}

type Properties = ReadonlyMap<string, AmfValue>;

function tracks<Description extends { trackId: number }>(
  properties: Properties,
  mapName: string,
  describe: (trackId: number, properties: Properties) => Description,
): Description[] {
  const found = [describe(0, properties)];
  for (const [key, value] of propertiesOf(properties.get(mapName))) {
    const trackId = Number(key);
    if (key === '' || !Number.isInteger(trackId) || trackId < 0 || trackId > maxTrackId) continue;
    const description = describe(trackId, propertiesOf(value));
    if (trackId === 0) found[0] = { ...found[0], ...description };
    else found.push(description);
  }
  return found.filter((description) => Object.keys(description).length > 1);
}

function describeVideo(trackId: number, properties: Properties): VideoDescription {
  return {
    trackId,
    ...present({
      codec: videoCodecOf(properties.get('videocodecid')),
      width: positive(properties.get('width')),
      height: positive(properties.get('height')),
      frameRate: positive(properties.get('framerate')),
      dataRateKbps: positive(properties.get('videodatarate')),
    }),
  };
}

function describeAudio(trackId: number, properties: Properties): AudioDescription {
  // `stereo: false` says nothing: FFmpeg sends it for six channels.
  const stereo = properties.get('stereo') === true ? 2 : undefined;
  return {
    trackId,
    ...present({
      codec: audioCodecOf(properties.get('audiocodecid')),
      // The track map's names differ from the top level's [E-RTMP v2, Enhancing onMetaData].
      sampleRate: positive(properties.get('audiosamplerate')) ?? positive(properties.get('samplerate')),
      channels: positive(properties.get('audiochannels')) ?? positive(properties.get('channels')) ?? stereo,
      dataRateKbps: positive(properties.get('audiodatarate')),
    }),
  };
}

// Beyond the 4-bit ids, the number is a FourCC; some encoders (Adobe's own among them) give the FourCC as a string.
function videoCodecOf(value: AmfValue): VideoCodec | undefined {
  if (typeof value === 'string') return videoFourCcEntry(fourCcToNumber(value)).codec;
  if (typeof value !== 'number') return undefined;
  return value > 15 ? videoFourCcEntry(value).codec : (videoCodecIds[value] ?? 'unknown');
}

function audioCodecOf(value: AmfValue): AudioCodec | undefined {
  if (typeof value === 'string') return audioFourCcEntry(fourCcToNumber(value)).codec;
  if (typeof value !== 'number') return undefined;
  return value > 15 ? audioFourCcEntry(value).codec : (soundFormats[value] ?? 'unknown');
}

function positive(value: AmfValue): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}

type Present<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Leaves out the members that are undefined. */
function present<T extends Record<string, unknown>>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}
