import { streamPattern } from './record-settings.js';
import { integer, list, type Setting } from './setting-kinds.js';

const mebi = 1024 * 1024;
const minuteMs = 60_000;

export const dvrSettings = {
  streams: list(streamPattern, {
    allowed: 'patterns of streams such as live/studio, live/* or *, one or a list',
    meaning:
      'Live streams that can be paused, sought in and returned to live. What is kept of them is in files within state.dir.',
  }),
  windowMs: integer(
    30 * minuteMs,
    10_000,
    7 * 24 * 60 * minuteMs,
    'How far back a stream of dvr.streams can be sought at least, ms, if it has gone on for so long.',
  ),
  maxBytes: integer(
    4096 * mebi,
    mebi,
    Number.MAX_SAFE_INTEGER,
    'Disk space for the window of one stream, bytes. One that would take more is shorter.',
  ),
  segmentMs: integer(
    10_000,
    1000,
    10 * minuteMs,
    'The window is kept in files of about this length, ms, or of a thousandth of dvr.windowMs where that is longer. The oldest is deleted as a whole.',
  ),
  minFreeBytes: integer(
    256 * mebi,
    0,
    Number.MAX_SAFE_INTEGER,
    'The window of a stream ends when less than this is free on the disk, bytes. The stream goes on.',
  ),
} as const satisfies Record<string, Setting<unknown>>;
