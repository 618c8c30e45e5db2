import type { AudioTagHeader } from './audio-tag-header.js';
import type { VideoTagHeader } from './video-tag-header.js';

export type CachedPart = 'sequence' | 'metadata' | 'multichannel';

/** Names what a message sets for later ones, for example `video:0:sequence` or `audio:1:multichannel`. */
export type CacheKey = `${'audio' | 'video'}:${number}:${CachedPart}`;

const none: readonly CacheKey[] = [];

/**
 * What a viewer who joins later must be sent before coded frames: a server keeps the newest message under each of these
 * keys, and sends every message it keeps once (a multitrack message stands under several keys), oldest first. Empty for
 * coded frames, ends of sequences, commands and whatever cannot be read.
 */
export function cacheKeysOf(header: AudioTagHeader | VideoTagHeader): readonly CacheKey[] {
  const part = cachedPart(header);
  if (part === undefined) return none;
  const keys = new Set<CacheKey>();
  for (const track of header.tracks) keys.add(`${header.kind}:${track.trackId}:${part}`);
  return [...keys];
}

function cachedPart(header: AudioTagHeader | VideoTagHeader): CachedPart | undefined {
  switch (header.packetType) {
    case 'sequenceStart':
    case 'mpeg2TsSequenceStart':
      return 'sequence';
    case 'metadata':
      return 'metadata';
    case 'multichannelConfig':
      return 'multichannel';
    case 'codedFrames':
    case 'sequenceEnd':
    case 'command':
    case 'unknown':
      return undefined;
    default: {
      const unhandled: never = header;
      return unhandled;
    }
  }
}
