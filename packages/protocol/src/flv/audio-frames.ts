/*
 * Codecs that say what they are in a header of their own kind: Opus and FLAC at the start, AC-3, E-AC-3 and MP3 in
 * every frame.
 */
import type { AudioConfig } from './audio-config.js';
import { BitReader } from './bit-reader.js';
import { readUint32 } from './enhanced-header.js';
import { fourCcToNumber } from './four-cc.js';

const opusHead = [fourCcToNumber('Opus'), fourCcToNumber('Head')] as const;
const flacMagic = fourCcToNumber('fLaC');

/** The ID header of RFC 7845 §5.1: `OpusHead`, version, channels, pre-skip, input rate, gain, mapping. */
export function parseOpusHead(bytes: Uint8Array): AudioConfig {
  // The body may be empty; then the channels are told by a multichannel configuration or not at all [E-RTMP v2].
  const config: AudioConfig = { sampleRate: 48000, codecString: 'opus' };
  if (bytes.length < 19 || readUint32(bytes, 0) !== opusHead[0] || readUint32(bytes, 4) !== opusHead[1]) return config;
  const channels = bytes[9] ?? 0;
  // The header's rate is only that of the input; Opus decodes at 48 kHz.
  return channels === 0 ? config : { ...config, channels };
}

/** STREAMINFO (RFC 9639 §8.2), with or without `fLaC` and the block header in front of it. */
export function parseFlacHeader(bytes: Uint8Array): AudioConfig | undefined {
  let at = 0;
  if (bytes.length >= 4 && readUint32(bytes, 0) === flacMagic) at = 8;
  // A bare STREAMINFO has 34 bytes; 38 are one with its block header.
  else if (bytes.length >= 38 && ((bytes[0] ?? 0) & 0x7f) === 0 && bytes[3] === 34) at = 4;
  const bits = new BitReader(bytes.subarray(at));
  bits.skipBits(80);
  const sampleRate = bits.readBits(20);
  const channels = bits.readBits(3) + 1;
  if (bits.exhausted || sampleRate === 0) return undefined;
  return { sampleRate, channels, codecString: 'flac' };
}

const ac3Rates = [48000, 44100, 32000] as const;
const ac3Channels = [2, 1, 2, 3, 3, 4, 4, 5] as const;
const ac3SyncWord = 0x0b77;

/** A syncframe of AC-3 or E-AC-3 [ATSC A/52 §5.3, §E.1.2]: the two differ in the place of everything but `bsid`. */
export function parseAc3Frame(bytes: Uint8Array): AudioConfig | undefined {
  const bits = new BitReader(bytes);
  if (bytes.length < 7 || bits.readBits(16) !== ac3SyncWord) return undefined;
  const enhanced = (bytes[5] ?? 0) >> 3 > 10;
  return enhanced ? parseEac3(bits) : parseAc3(bits);
}

function parseAc3(bits: BitReader): AudioConfig | undefined {
  bits.skipBits(16);
  const sampleRate = ac3Rates[bits.readBits(2)];
  bits.skipBits(6 + 5 + 3);
  const mode = bits.readBits(3);
  if ((mode & 1) !== 0 && mode !== 1) bits.skipBits(2);
  if ((mode & 4) !== 0) bits.skipBits(2);
  if (mode === 2) bits.skipBits(2);
  const channels = (ac3Channels[mode] ?? 0) + bits.readBits(1);
  return sampleRate === undefined || bits.exhausted ? undefined : { sampleRate, channels, codecString: 'ac-3' };
}

function parseEac3(bits: BitReader): AudioConfig | undefined {
  bits.skipBits(2 + 3 + 11);
  const rate = bits.readBits(2);
  const second = bits.readBits(2);
  const halved = ac3Rates[second];
  const sampleRate = rate === 3 ? (halved === undefined ? undefined : halved / 2) : ac3Rates[rate];
  const mode = bits.readBits(3);
  const channels = (ac3Channels[mode] ?? 0) + bits.readBits(1);
  return sampleRate === undefined || bits.exhausted ? undefined : { sampleRate, channels, codecString: 'ec-3' };
}

const mpegRates = [44100, 48000, 32000] as const;

/** The header of an MPEG audio frame [ISO/IEC 11172-3 §2.4.1.3, 13818-3; the 2.5 rates are common practice]. */
export function parseMp3Frame(bytes: Uint8Array): AudioConfig | undefined {
  const bits = new BitReader(bytes);
  if (bytes.length < 4 || bits.readBits(11) !== 0x7ff) return undefined;
  const version = bits.readBits(2);
  const layer = bits.readBits(2);
  bits.skipBits(1 + 4);
  const rate = mpegRates[bits.readBits(2)];
  if (version === 1 || layer === 0 || rate === undefined) return undefined;
  bits.skipBits(2);
  const sampleRate = version === 3 ? rate : version === 2 ? rate / 2 : rate / 4;
  return { sampleRate, channels: bits.readBits(2) === 3 ? 1 : 2, codecString: 'mp3' };
}
