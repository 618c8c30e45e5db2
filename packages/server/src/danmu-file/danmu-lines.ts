import { formatStoredDanmu, formatStoredMessage, RtmpUsageError } from '@millrace/protocol';
import type { DanmuReader, StoredLine } from './danmu-reader.js';

/** What is wanted of what was said during a recording. */
export interface DanmuSpan {
  /** ms of the recording. */
  readonly fromMs: number;
  /** Nothing of this time or later. */
  readonly untilMs: number;
  /** Lines at most. */
  readonly limit: number;
}

/** Lines that are made at a time. */
const batchLines = 256;
/** As long as `DanmuReader` takes. */
const limits = { maxContentLength: 65_536, maxUserLength: 65_536, maxRoomLength: 65_536 };

/**
 * The lines of a span as JSON lines, piece by piece; some pieces are empty. Of a file that still grows, those that are in
 * it by now. Rejects with the system's errors.
 */
export async function* danmuLines(
  reader: DanmuReader,
  { fromMs, untilMs, limit }: DanmuSpan,
): AsyncGenerator<Uint8Array, void, undefined> {
  await reader.seek(fromMs);
  for (let left = limit; left > 0; ) {
    const lines = await reader.next(untilMs, Math.min(left, batchLines));
    const wanted = lines.filter(({ mediaTimeMs }) => mediaTimeMs < untilMs);
    left -= wanted.length;
    yield Buffer.from(wanted.map(textOf).join(''));
    // Else there was a stretch of the file without a line.
    if (lines.length === 0 && (reader.isAtEnd || reader.aheadMs !== undefined)) return;
  }
}

function textOf(line: StoredLine): string {
  try {
    return `${'danmu' in line ? formatStoredDanmu(line, limits) : formatStoredMessage(line)}\n`;
  } catch (error) {
    // Somebody else has written it.
    if (error instanceof RtmpUsageError) return '';
    throw error;
  }
}
