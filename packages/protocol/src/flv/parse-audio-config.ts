import { parseAacConfig } from './aac-config.js';
import type { AudioConfig } from './audio-config.js';
import { parseAc3Frame, parseFlacHeader, parseMp3Frame, parseOpusHead } from './audio-frames.js';
import { type AudioTagHeader, type AudioTrack, parseAudioTagHeader } from './audio-tag-header.js';
import { parseMultichannelConfig } from './multichannel-config.js';

/**
 * What an audio message says about the track at `trackIndex` in the header's `tracks`: a sequence start's codec
 * configuration; a multichannel configuration's channel count; for codecs without one (MP3, AC-3, E-AC-3 and the
 * legacy formats) what the frame's or the tag's own header says. Never throws. `undefined`: nothing is said.
 */
export function parseAudioConfig(payload: Uint8Array, trackIndex = 0): AudioConfig | undefined {
  const header = parseAudioTagHeader(payload);
  const track = header?.tracks[trackIndex];
  if (header === undefined || track === undefined) return undefined;
  const body = payload.subarray(track.offset, track.offset + track.length);
  switch (header.packetType) {
    case 'sequenceStart':
      return fromSequenceStart(track, body);
    case 'codedFrames':
      return fromFrame(header, track, body);
    case 'multichannelConfig': {
      const multichannel = parseMultichannelConfig(payload, trackIndex);
      return multichannel === undefined ? undefined : { channels: multichannel.channels };
    }
    case 'sequenceEnd':
    case 'unknown':
      return undefined;
    default: {
      const unhandled: never = header.packetType;
      return unhandled;
    }
  }
}

function fromSequenceStart(track: AudioTrack, body: Uint8Array): AudioConfig | undefined {
  switch (track.codec) {
    case 'aac':
      return parseAacConfig(body);
    case 'opus':
      return parseOpusHead(body);
    case 'flac':
      return parseFlacHeader(body);
    default:
      return undefined;
  }
}

function fromFrame(header: AudioTagHeader, track: AudioTrack, body: Uint8Array): AudioConfig | undefined {
  switch (track.codec) {
    case 'ac3':
    case 'eac3':
      return parseAc3Frame(body);
    case 'mp3':
      return parseMp3Frame(body) ?? fromLegacyHeader(header);
    case 'aac':
      // The legacy header always says 44.1 kHz stereo for AAC, whatever is true [FLV E.4.2.1].
      return undefined;
    default:
      return fromLegacyHeader(header);
  }
}

function fromLegacyHeader(header: AudioTagHeader): AudioConfig | undefined {
  const { soundRate, channels, codec } = header;
  if (soundRate === undefined || channels === undefined || codec === 'unknown') return undefined;
  return { sampleRate: soundRate, channels };
}
