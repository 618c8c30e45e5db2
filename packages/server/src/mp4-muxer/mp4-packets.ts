import {
  type AudioCodec,
  type AudioConfig,
  audioCodecNames,
  messageTypes,
  parseAudioConfig,
  parseAudioTagHeader,
  parseVideoConfig,
  parseVideoTagHeader,
  type RawMessage,
  type VideoCodec,
  type VideoConfig,
  videoCodecNames,
} from '@millrace/protocol';

interface OfTrack {
  /** Of the kind: 0 … 255. */
  readonly trackId: number;
  /** Of the track among all of a stream. */
  readonly key: string;
  /** A view. */
  readonly data: Uint8Array;
}

export interface VideoPacket extends OfTrack {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** Presentation minus decoding time, ms. */
  readonly offsetMs: number;
  readonly isKeyFrame: boolean;
  readonly config: VideoConfig | undefined;
}

export interface AudioPacket extends OfTrack {
  readonly kind: 'audio';
  readonly codec: AudioCodec;
  readonly config: AudioConfig | undefined;
}

/** One track's share of an audio or video message. */
export type MediaPacket = (VideoPacket | AudioPacket) & {
  /** A codec's configuration, with its `config`; else a frame. */
  readonly isConfiguration: boolean;
};

/** What decoders get of a message. None for data, and for what says something about media without being media. */
export function packetsOf(message: Pick<RawMessage, 'messageTypeId' | 'payload'>): readonly MediaPacket[] {
  if (message.messageTypeId === messageTypes.video) return videoPackets(message.payload);
  return message.messageTypeId === messageTypes.audio ? audioPackets(message.payload) : [];
}

function videoPackets(payload: Uint8Array): readonly MediaPacket[] {
  const header = parseVideoTagHeader(payload);
  if (header === undefined || !(header.isSequenceStart || header.packetType === 'codedFrames')) return [];
  const { isSequenceStart: isConfiguration, isKeyFrame } = header;
  return header.tracks.map(({ trackId, codec, offset, length, compositionTimeMs }, i) => ({
    kind: 'video',
    trackId,
    key: `video:${trackId}`,
    codec,
    data: payload.subarray(offset, offset + length),
    offsetMs: compositionTimeMs,
    isKeyFrame,
    isConfiguration,
    config: isConfiguration ? parseVideoConfig(payload, i) : undefined,
  }));
}

/** MP3 and AC-3 are described by their frames. That is looked up by whoever needs it: once a track, not each frame. */
function audioPackets(payload: Uint8Array): readonly MediaPacket[] {
  const header = parseAudioTagHeader(payload);
  if (header === undefined || !(header.isSequenceStart || header.packetType === 'codedFrames')) return [];
  const isConfiguration = header.isSequenceStart;
  return header.tracks.map(({ trackId, codec, offset, length }, i) => ({
    kind: 'audio',
    trackId,
    key: `audio:${trackId}`,
    codec,
    data: payload.subarray(offset, offset + length),
    isConfiguration,
    get config() {
      return parseAudioConfig(payload, i);
    },
  }));
}

/** For people: `Speex audio`. */
export function packetName(packet: MediaPacket): string {
  return packet.kind === 'video' ? `${videoCodecNames[packet.codec]} video` : `${audioCodecNames[packet.codec]} audio`;
}
