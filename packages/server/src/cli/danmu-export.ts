import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatAss, formatStoredDanmu, formatStoredMessage, type TimedDanmu } from '@millrace/protocol';
import { DanmuReader, danmuFileOf, type StoredLine } from '../danmu-file/index.js';
import { runOnFile } from './file-error.js';
import { openSource } from './open-source.js';

export interface DanmuExportOptions {
  /** Subtitles instead of JSON lines. */
  readonly ass: boolean;
  /** Absent: standard output. */
  readonly out?: string;
}

const linesAtOnce = 1000;
/** What a server has kept is not measured by other limits. */
const limits = { maxContentLength: 65_536, maxUserLength: 65_536, maxRoomLength: 65_536 };

/** `millrace danmu export`: what was said during a recording. Exit code 1 where that cannot be read or written. */
export async function danmuExport(file: string, options: DanmuExportOptions): Promise<void> {
  const path = file.endsWith('.jsonl') ? file : danmuFileOf(file);
  await runOnFile(path, async () => {
    const opened = await openSource(path);
    try {
      const lines = readLines(new DanmuReader(opened));
      const text = options.ass ? subtitles(lines) : jsonLines(lines);
      const output = options.out === undefined ? process.stdout : createWriteStream(options.out, { flags: 'wx' });
      await pipeline(Readable.from(text), output, { end: options.out !== undefined });
      return 0;
    } finally {
      await opened.close();
    }
  });
}

async function* readLines(reader: DanmuReader): AsyncGenerator<StoredLine> {
  for (;;) {
    const lines = await reader.next(Number.POSITIVE_INFINITY, linesAtOnce);
    yield* lines;
    if (lines.length === 0 && reader.isAtEnd) return;
  }
}

async function* jsonLines(lines: AsyncIterable<StoredLine>): AsyncGenerator<string> {
  for await (const line of lines) {
    yield `${'danmu' in line ? formatStoredDanmu(line, limits) : formatStoredMessage(line)}\n`;
  }
}

/** Where they are is known when all are. */
async function* subtitles(lines: AsyncIterable<StoredLine>): AsyncGenerator<string> {
  const danmu: TimedDanmu[] = [];
  for await (const line of lines) {
    if ('danmu' in line) danmu.push({ mediaTimeMs: line.mediaTimeMs, danmu: line.danmu });
  }
  yield formatAss(danmu);
}
