import {
  type AudioCodec,
  cacheKeysOf,
  messageTypes,
  parseAudioTagHeader,
  parseVideoTagHeader,
  type RawMessage,
  type VideoCodec,
} from '@millrace/protocol';

/** What the live path and the statistics need to know of an audio or video message. */
export interface MediaFacts {
  /** The default track's codec; absent when the message is of other tracks, or names none that we know. */
  readonly videoCodec?: VideoCodec;
  readonly audioCodec?: AudioCodec;
  /** Late joiners need this message: under these keys. */
  readonly headerKeys: readonly string[];
  /** Tracks whose key frame this is; empty for everything else. */
  readonly keyFrameTracks: readonly string[];
  /** Frames: neither configuration nor metadata nor the end of a sequence. */
  readonly isCoded: boolean;
}

const nothing: MediaFacts = { headerKeys: [], keyFrameTracks: [], isCoded: false };

const avcKeyFrame: MediaFacts = { videoCodec: 'h264', headerKeys: [], keyFrameTracks: ['0'], isCoded: true };
const avcInterFrame: MediaFacts = { videoCodec: 'h264', headerKeys: [], keyFrameTracks: [], isCoded: true };
const aacFrame: MediaFacts = { audioCodec: 'aac', headerKeys: [], keyFrameTracks: [], isCoded: true };

/** Reads the tag header only. Media that is not understood has no facts and is passed on like all other. */
export function readMediaFacts({ messageTypeId, payload }: RawMessage): MediaFacts {
  // Nearly all messages of nearly all publishers are AVC and AAC frames: told by two bytes, without an object each.
  if (payload[1] === 1 && payload.length > 5) {
    if (messageTypeId === messageTypes.video) {
      if (payload[0] === 0x17) return avcKeyFrame;
      if (payload[0] === 0x27) return avcInterFrame;
    } else if (payload[0] === 0xaf) return aacFrame;
  }
  if (messageTypeId === messageTypes.video) {
    const header = parseVideoTagHeader(payload);
    if (header === undefined) return nothing;
    return {
      ...(header.codec === 'unknown' || header.tracks[0]?.trackId !== 0 ? {} : { videoCodec: header.codec }),
      headerKeys: cacheKeysOf(header),
      keyFrameTracks: header.isKeyFrame ? header.tracks.map((track) => String(track.trackId)) : [],
      isCoded: header.packetType === 'codedFrames',
    };
  }
  const header = parseAudioTagHeader(payload);
  if (header === undefined) return nothing;
  return {
    ...(header.codec === 'unknown' || header.tracks[0]?.trackId !== 0 ? {} : { audioCodec: header.codec }),
    headerKeys: cacheKeysOf(header),
    keyFrameTracks: [],
    isCoded: header.packetType === 'codedFrames',
  };
}
