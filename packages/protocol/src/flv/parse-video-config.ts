import { parseAv1Config } from './av1-config.js';
import { parseAvcConfig } from './avc-config.js';
import { parseHevcConfig } from './hevc-config.js';
import type { VideoConfig } from './video-config.js';
import { parseVideoTagHeader } from './video-tag-header.js';
import { parseVpxConfig } from './vpx-config.js';

/**
 * The codec configuration in a video message that is a sequence start, of the track at `trackIndex` in the header's
 * `tracks`. Never throws. `undefined`: not a sequence start, no such track, or a configuration of no form known here.
 */
export function parseVideoConfig(payload: Uint8Array, trackIndex = 0): VideoConfig | undefined {
  const header = parseVideoTagHeader(payload);
  const track = header?.tracks[trackIndex];
  if (header === undefined || track === undefined || !header.isSequenceStart) return undefined;
  const record = payload.subarray(track.offset, track.offset + track.length);
  switch (track.codec) {
    case 'h264':
      return parseAvcConfig(record);
    case 'hevc':
      return parseHevcConfig(record);
    case 'av1':
      return parseAv1Config(record);
    case 'vp9':
      return parseVpxConfig(record, 'vp09');
    case 'vp8':
      return parseVpxConfig(record, 'vp08');
    case 'vvc':
    case 'h263':
    case 'screen':
    case 'screen2':
    case 'vp6':
    case 'vp6a':
    case 'unknown':
      return undefined;
    default: {
      const unhandled: never = track.codec;
      return unhandled;
    }
  }
}
