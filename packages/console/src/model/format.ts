import type { StreamInfo } from '../api/index.js';

const none = '–';

/** `820 kbit/s`, `2.48 Mbit/s`, `12.5 Mbit/s`. */
export function formatBitrate(kbps: number): string {
  if (!Number.isFinite(kbps) || kbps < 0) return none;
  if (kbps < 999.5) return `${Math.round(kbps)} kbit/s`;
  const mbps = kbps / 1000;
  return `${mbps.toFixed(mbps < 9.995 ? 2 : 1)} Mbit/s`;
}

/** `0:07`, `12:05`, `1:02:09`, `3 d 04:12`: seconds are left out from one day on. Durations in milliseconds. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return none;
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days} d ${twoDigits(hours)}:${twoDigits(minutes)}`;
  const tail = twoDigits(seconds % 60);
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/** `512 B`, `1.2 kB`, `340 MB`, `2.4 GB`: powers of 1000. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return none;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 viewer`, `2 viewers`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `0.9 s`, `12 s`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return none;
  return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

/** `1920×1080`; `undefined` when one side is not known. */
export function formatResolution(width: number | undefined, height: number | undefined): string | undefined {
  if (!width || !height) return undefined;
  return `${width}×${height}`;
}

/** `30 fps`, `29.97 fps`; `undefined` when not known. */
export function formatFrameRate(frameRate: number | undefined): string | undefined {
  if (!frameRate || !Number.isFinite(frameRate)) return undefined;
  return `${Number(frameRate.toFixed(2))} fps`;
}

/** `48 kHz`, `44.1 kHz`; `undefined` when not known. */
export function formatSampleRate(sampleRate: number | undefined): string | undefined {
  if (!sampleRate || !Number.isFinite(sampleRate)) return undefined;
  return `${Number((sampleRate / 1000).toFixed(2))} kHz`;
}

/** `mono`, `stereo`, `5.1`, `4 channels`; `undefined` when not known. */
export function formatChannels(channels: number | undefined): string | undefined {
  if (!channels) return undefined;
  if (channels === 1) return 'mono';
  if (channels === 2) return 'stereo';
  if (channels === 6) return '5.1';
  return `${channels} channels`;
}

/** `H.264 · 1280×720 · 30 fps`; without video: `no video`. */
export function formatVideo(video: StreamInfo['video']): string {
  if (video === null) return 'no video';
  return joinKnown(video.codec, formatResolution(video.width, video.height), formatFrameRate(video.frameRate));
}

/** `AAC · 48 kHz · stereo`; without audio: `no audio`. */
export function formatAudio(audio: StreamInfo['audio']): string {
  if (audio === null) return 'no audio';
  return joinKnown(audio.codec, formatSampleRate(audio.sampleRate), formatChannels(audio.channels));
}

/** `9 HTTP-FLV · 3 RTMP · 2 WebSocket`: how people watch; `undefined` when nobody does. */
export function formatViewerKinds(viewers: StreamInfo['viewers']): string | undefined {
  const kinds = [
    viewers.httpFlv > 0 ? `${viewers.httpFlv} HTTP-FLV` : undefined,
    viewers.rtmp > 0 ? `${viewers.rtmp} RTMP` : undefined,
    viewers.wsFlv > 0 ? `${viewers.wsFlv} WebSocket` : undefined,
  ];
  return joinKnown(...kinds) || undefined;
}

/** The parts that are known and not empty, with a dot between them. */
export function joinKnown(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
