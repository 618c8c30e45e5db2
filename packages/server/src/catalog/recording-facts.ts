import {
  AmfEcmaArray,
  AmfObject,
  type AudioCodec,
  type AudioConfig,
  audioCodecNames,
  describeMetadata,
  flvTagTypes,
  type MetadataDescription,
  parseAudioConfig,
  parseMetadata,
  parseVideoConfig,
  type VideoCodec,
  type VideoConfig,
  videoCodecNames,
} from '@millrace/protocol';
import type { RecordedAudioInfo, RecordedVideoInfo } from '../http/index.js';
import { readMediaFacts } from '../live/index.js';
import type { MediaReader } from '../media-file/index.js';

type MetadataValue = string | number | boolean;

/** What a list of recordings tells of a file's content. */
export interface RecordingFacts {
  readonly durationMs: number | undefined;
  readonly video: RecordedVideoInfo | undefined;
  readonly audio: RecordedAudioInfo | undefined;
  /** Times of key frames that the file's index tells, ms; `undefined`: there is no index. */
  readonly keyFrameTimes: readonly number[] | undefined;
  /** Numbers, texts and truth values of the metadata. */
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  /** A sentence; `undefined`: nothing is wrong as far as was looked. */
  readonly damage: string | undefined;
}

/** Of the file's first tags. */
export interface TrackFacts {
  readonly videoCodec: VideoCodec | undefined;
  readonly videoConfig: VideoConfig | undefined;
  readonly audioCodec: AudioCodec | undefined;
  readonly audioConfig: AudioConfig | undefined;
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
  /** Payload of the first script tag. */
  readonly script: Uint8Array | undefined;
  readonly firstTimestamp: number | undefined;
}

/** Codecs show within so many tags and bytes, or not at all. */
const maxTags = 200;
const maxBytes = 2 * 1024 * 1024;
const maxScriptBytes = 1024 * 1024;
const maxMembers = 64;
const maxTextLength = 1024;

/** Reads the first tags: as few as it takes to know both kinds. */
export async function readTracks(reader: MediaReader): Promise<TrackFacts> {
  const facts: { -readonly [Key in keyof TrackFacts]: TrackFacts[Key] } = {
    videoCodec: undefined,
    videoConfig: undefined,
    audioCodec: undefined,
    audioConfig: undefined,
    hasVideo: false,
    hasAudio: false,
    script: undefined,
    firstTimestamp: undefined,
  };
  let bytes = 0;
  for (let count = 0; count < maxTags && bytes < maxBytes; count += 1) {
    let tag = reader.peek();
    while (tag === 'fill') {
      await reader.fill();
      tag = reader.peek();
    }
    if (tag === undefined || tag === 'later') break;
    reader.skip();
    const { tagType, payload, timestamp } = tag;
    bytes += payload.length;
    if (tagType === flvTagTypes.script) {
      if (payload.length <= maxScriptBytes) facts.script ??= new Uint8Array(payload);
      continue;
    }
    facts.firstTimestamp ??= timestamp;
    const { videoCodec, audioCodec } = readMediaFacts({
      messageTypeId: tagType,
      timestamp,
      messageStreamId: 0,
      payload,
    });
    if (tagType === flvTagTypes.video) {
      facts.hasVideo = true;
      facts.videoCodec ??= videoCodec;
      facts.videoConfig ??= parseVideoConfig(payload);
    } else {
      facts.hasAudio = true;
      facts.audioCodec ??= audioCodec;
      facts.audioConfig ??= parseAudioConfig(payload);
    }
    if (facts.videoCodec !== undefined && facts.audioCodec !== undefined && count >= 4) break;
  }
  return facts;
}

export function videoInfo(
  tracks: TrackFacts,
  metadata: MetadataDescription | undefined,
): RecordedVideoInfo | undefined {
  if (!tracks.hasVideo) return undefined;
  const { videoConfig } = tracks;
  const claimed = metadata?.video[0];
  const width = videoConfig?.width ?? claimed?.width;
  const height = videoConfig?.height ?? claimed?.height;
  return {
    codec: videoCodecNames[tracks.videoCodec ?? 'unknown'],
    ...(videoConfig?.codecString === undefined ? {} : { codecString: videoConfig.codecString }),
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(claimed?.frameRate === undefined ? {} : { frameRate: claimed.frameRate }),
  };
}

export function audioInfo({ hasAudio, audioCodec, audioConfig }: TrackFacts): RecordedAudioInfo | undefined {
  if (!hasAudio) return undefined;
  return {
    codec: audioCodecNames[audioCodec ?? 'unknown'],
    ...(audioConfig?.codecString === undefined ? {} : { codecString: audioConfig.codecString }),
    ...(audioConfig?.sampleRate === undefined ? {} : { sampleRate: audioConfig.sampleRate }),
    ...(audioConfig?.channels === undefined ? {} : { channels: audioConfig.channels }),
  };
}

/** What a metadata payload says, for people and programs. */
export function readScript(payload: Uint8Array | undefined): {
  readonly description: MetadataDescription | undefined;
  readonly metadata: RecordingFacts['metadata'];
} {
  if (payload === undefined) return { description: undefined, metadata: {} };
  const frame = parseMetadata(payload);
  const [value] = frame.values;
  const isMap = value instanceof AmfObject || value instanceof AmfEcmaArray;
  return { description: describeMetadata(frame), metadata: isMap ? scalarsOf(value.properties) : {} };
}

function scalarsOf(properties: ReadonlyMap<string, unknown>): RecordingFacts['metadata'] {
  const scalars = [...properties].flatMap(([name, value]) => (isScalar(value) ? [[name, value] as const] : []));
  return Object.fromEntries(scalars.slice(0, maxMembers));
}

function isScalar(value: unknown): value is MetadataValue {
  if (typeof value === 'string') return value.length <= maxTextLength;
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}
