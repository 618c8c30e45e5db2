import { RtmpRemoteError } from '@millrace/protocol';
import { TaskLimit } from './access/index.js';
import {
  type CatalogPlace,
  type CataloguedRecording,
  RecordingCatalog,
  type RecordingClaims,
} from './catalog/index.js';
import { danmuLines } from './danmu-file/index.js';
import type { RecordingDetail, RecordingInfo, RecordingSource } from './http/index.js';
import { type RecordingFormat, recordingPath } from './media-file/index.js';
import { FlvBody, type VodPlayback } from './vod/index.js';

export interface RecordingSourceOptions {
  readonly mediaDir: string;
  readonly vod: Pick<VodPlayback, 'library'>;
  readonly claims: RecordingClaims;
}

const contentTypes: Readonly<Record<RecordingFormat, string>> = {
  flv: 'video/x-flv',
  mp4: 'video/mp4',
  f4v: 'video/mp4',
};
/** For places in files without an index, at a time: each may read a whole file. */
const maxSearches = 4;
/** Of the metadata's index, as many as players believe. */
const maxKeyFrameTimes = 4096;

/** The recordings as HTTP needs them: rows for the API, files, and FLV for viewers. */
export function recordingSource({ mediaDir, vod, claims }: RecordingSourceOptions): RecordingSource {
  const catalog = new RecordingCatalog({ mediaDir, claims, open: (key) => vod.library.open(key) });
  const searches = new TaskLimit(maxSearches, Number.POSITIVE_INFINITY);
  return {
    async list({ order, limit, app, prefix, search, cursor }) {
      const after = cursor === undefined ? undefined : readCursor(cursor);
      if (cursor !== undefined && after === undefined) return undefined;
      const start = app === undefined ? '' : `${app}/`;
      const text = search.toLowerCase();
      const matches = (path: string): boolean =>
        path.startsWith(start) && path.startsWith(prefix) && path.toLowerCase().includes(text);
      const { recordings, total, hasMore, isCut } = await catalog.list({ order, limit, matches, after });
      const last = recordings.at(-1);
      return {
        recordings: recordings.map(recordingInfo),
        total,
        next: hasMore && last !== undefined ? formatCursor(last) : null,
        incomplete: isCut,
      };
    },
    async describe(path) {
      const found = await catalog.find(path);
      return found && recordingDetail(found);
    },
    remove: (path) => catalog.remove(path),
    streamOf: (path) => recordingPath(path)?.key,
    async openFile(path) {
      const named = recordingPath(path);
      const opened = named && (await catalog.open(path));
      if (named === undefined || opened === undefined) return undefined;
      const { handle, stats } = opened;
      return {
        handle,
        bytes: Number(stats.size),
        modifiedMs: Number(stats.mtimeNs / 1_000_000n),
        version: [stats.ino, stats.size, stats.mtimeNs].map((part) => part.toString(36)).join('-'),
        contentType: contentTypes[named.format],
        fileName: path.slice(path.lastIndexOf('/') + 1),
      };
    },
    async openDanmu(path, { startSeconds = 0, endSeconds = Number.POSITIVE_INFINITY, limit }) {
      const reader = await catalog.openDanmu(path);
      if (reader === undefined) return undefined;
      if (reader === 'none') return { pieces: nothing(), close: () => undefined };
      const span = {
        fromMs: startSeconds * 1000,
        untilMs: endSeconds * 1000,
        limit: limit ?? Number.POSITIVE_INFINITY,
      };
      return { pieces: danmuLines(reader, span), close: () => void reader.close().catch(() => undefined) };
    },
    mayHave: (stream) => vod.library.mayHave(stream),
    async openFlv(stream, { startSeconds, audio, video, isWanted }) {
      try {
        const opened = await vod.library.open(stream);
        if (opened === undefined) return undefined;
        const startMs = startSeconds === undefined ? undefined : startSeconds * 1000;
        const pieces = new FlvBody(opened.file, {
          startMs,
          selection: { audio, video },
          // Who asks and goes, over and over, has no more than these read.
          search: async (find, start) => (await searches.run(async () => (isWanted() ? find() : start))) ?? start,
        });
        return { pieces, close: () => opened.release() };
      } catch (error) {
        // It has the name of a recording, and is none.
        if (error instanceof RtmpRemoteError) return undefined;
        throw error;
      }
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

function recordingInfo(found: CataloguedRecording): RecordingInfo {
  const { path, key, format, bytes, modifiedMs, isRecording, facts } = found;
  const { durationMs, video, audio, keyFrameTimes, damage } = facts;
  const isFlv = format === 'flv';
  return {
    path,
    app: key.app,
    name: key.name,
    format,
    bytes,
    modifiedAt: modifiedMs,
    recording: isRecording,
    durationMs: durationMs === undefined ? null : Math.round(durationMs),
    video: video ?? null,
    audio: audio ?? null,
    seekable: keyFrameTimes !== undefined,
    keyFrames: isFlv && keyFrameTimes !== undefined ? keyFrameTimes.length : null,
    damage: damage ?? null,
    urls: { file: `/recordings/${encodePath(path)}`, flv: `/${encodePath(`${key.app}/${key.name}`)}.flv` },
  };
}

function recordingDetail(found: CataloguedRecording): RecordingDetail {
  const { bytes, facts } = found;
  const { durationMs = 0, keyFrameTimes = [], metadata } = facts;
  return {
    ...recordingInfo(found),
    bitrateKbps: durationMs > 0 ? Math.round((bytes * 8) / durationMs) : null,
    keyFrameTimesMs: keyFrameTimes.slice(0, maxKeyFrameTimes).map(Math.round),
    metadata,
  };
}

function encodePath(path: string): string {
  // Lone surrogates, which no URL can carry, are not escaped but thrown at.
  return path
    .replace(/\p{Cs}/gu, '\uFFFD')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
}

/** Where a list goes on: after this recording, wherever that is by now. */
function formatCursor({ path, modifiedMs }: CatalogPlace): string {
  return Buffer.from(JSON.stringify([modifiedMs, path])).toString('base64url');
}

function readCursor(text: string): CatalogPlace | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(value)) return undefined;
    const [modifiedMs, path]: readonly unknown[] = value;
    return typeof modifiedMs === 'number' && typeof path === 'string' ? { modifiedMs, path } : undefined;
  } catch {
    return undefined;
  }
}
