import * as v from 'valibot';
import { flag, integer, list, type Setting } from './setting-kinds.js';

const mebi = 1024 * 1024;
const maxTextLength = 1024;
const placeholders = ['app', 'name', 'date', 'time'];

/** Matches the paths of streams, without their first slash. `*` stands for any characters. */
export function streamPattern(item: unknown): RegExp | undefined {
  if (typeof item !== 'string' || item === '' || item.length > maxTextLength) return undefined;
  const parts = item.replace(/^\/+/, '').split(/\*+/);
  // More of them take time without bound for nothing that anybody wants to say.
  if (parts.length > 5) return undefined;
  return new RegExp(`^${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('.*')}$`, 's');
}

function recordFile(fallback: string, meaning: string): Setting<string> {
  return {
    schema: v.pipe(
      v.unknown(),
      v.string(),
      v.maxLength(maxTextLength),
      v.check((text) => /\.(?:flv|mp4)$/.test(text) && isFileTemplate(text)),
    ),
    default: fallback,
    allowed: 'a path within media.dir that ends in .flv or .mp4, with {app}, {name}, {date} and {time}',
    meaning,
  };
}

function isFileTemplate(text: string): boolean {
  const named = [...text.matchAll(/\{(\w*)\}/g)].map(([, name]) => name);
  const rest = text.replace(/\{\w*\}/g, 'x');
  const segments = rest.split('/');
  return (
    named.every((name) => name !== undefined && placeholders.includes(name)) &&
    !/[{}<>:"|?*\\]/.test(rest) &&
    segments.every((segment) => segment !== '' && !segment.startsWith('.') && segment.trim() === segment)
  );
}

export const recordSettings = {
  publishers: flag(
    true,
    'Publishers may have their stream recorded, with the publish types record, append and appendWithGap. Without, they get NetStream.Record.NoAccess, and are live only.',
  ),
  streams: list(streamPattern, {
    allowed: 'patterns of streams such as live/studio, live/* or *, one or a list',
    meaning: 'Streams that the server records, whatever their publishers ask for.',
  }),
  file: recordFile(
    '{app}/{name}-{date}-{time}.flv',
    'Where streams of record.streams are recorded, within media.dir: as FLV, which holds everything, or as MP4. Date and time are of the beginning, in UTC. A file that is there already is not replaced: a number is added to the name.',
  ),
  maxFileMs: integer(
    0,
    0,
    7 * 24 * 3_600_000,
    'A recording of record.streams goes on in a new file at the first key frame after this time, ms. 0: never.',
  ),
  maxFileBytes: integer(
    0,
    0,
    Number.MAX_SAFE_INTEGER,
    'A recording of record.streams goes on in a new file at the first key frame after so many bytes. 0: never.',
  ),
  keepHours: integer(
    0,
    0,
    1_000_000,
    'Recordings of record.streams are deleted when they ended longer ago than this, hours. 0: never. Those that publishers asked for are not.',
  ),
  keepBytes: integer(
    0,
    0,
    Number.MAX_SAFE_INTEGER,
    'The oldest recordings of record.streams are deleted when all of them together are larger than this, bytes. 0: never.',
  ),
  minFreeBytes: integer(
    256 * mebi,
    0,
    Number.MAX_SAFE_INTEGER,
    'Recording stops when less than this is free on the disk, bytes, so that the rest of the machine goes on.',
  ),
} as const satisfies Record<string, Setting<unknown>>;
