/*
 * The body of a MultichannelConfig packet [E-RTMP v2, ExAudioTagBody]:
 *
 *   +-------+----------+--------------------------------------------------+
 *   | order | channels | order 1: UI32, one bit a channel                 |
 *   | UI8   | UI8      | order 2: UI8 × channels, what each channel is    |
 *   +-------+----------+--------------------------------------------------+
 */
import { parseAudioTagHeader } from './audio-tag-header.js';
import { readUint32 } from './enhanced-header.js';

export type MultichannelConfig =
  | { readonly order: 'unspecified'; readonly channels: number }
  /** `channelMask`: 0x1 front left, 0x2 front right, … as [E-RTMP v2, AudioChannelMask]. */
  | { readonly order: 'native'; readonly channels: number; readonly channelMask: number }
  /** `channelMapping`: [E-RTMP v2, AudioChannel] of every channel; 254 unused, 255 unknown. */
  | { readonly order: 'custom'; readonly channels: number; readonly channelMapping: readonly number[] };

/** The multichannel configuration of the track at `trackIndex`; `undefined` where the message has none, or a malformed one. */
export function parseMultichannelConfig(payload: Uint8Array, trackIndex = 0): MultichannelConfig | undefined {
  const header = parseAudioTagHeader(payload);
  const track = header?.tracks[trackIndex];
  if (track === undefined || header?.packetType !== 'multichannelConfig') return undefined;
  const body = payload.subarray(track.offset, track.offset + track.length);
  const [order, channels] = body;
  if (order === undefined || channels === undefined) return undefined;
  if (order === 0) return { order: 'unspecified', channels };
  if (order === 1 && body.length >= 6) return { order: 'native', channels, channelMask: readUint32(body, 2) };
  if (order === 2 && body.length >= 2 + channels) {
    return { order: 'custom', channels, channelMapping: [...body.subarray(2, 2 + channels)] };
  }
  return undefined;
}
