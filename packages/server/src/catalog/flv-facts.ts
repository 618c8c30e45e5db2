import { flvTagHeaderBytes, flvTagTrailerBytes, flvTagTypes, RtmpRemoteError } from '@millrace/protocol';
import { readRecordingMetadata, TagReader } from '../flv-file/index.js';
import type { ByteSource } from '../media-file/index.js';
import { audioInfo, type RecordingFacts, readScript, readTracks, videoInfo } from './recording-facts.js';

const fileHeaderBytes = 9;
const maxHeaderBytes = 65_536;
/** Behind the last frame there may be data without a time of their own. */
const maxTagsFromEnd = 16;
const tailBytes = 1024 * 1024;

/**
 * What is in an FLV file, by its head and its last tag: players need more of it, a list of a thousand files cannot. Rejects
 * with the system's errors.
 *
 * @throws RtmpRemoteError `ERR_FLV_…`: it is no FLV file
 */
export async function readFlvFacts(source: ByteSource, isBeingWritten: boolean): Promise<RecordingFacts> {
  const first = await firstTagOf(source);
  const tracks = await readTracks(new TagReader(source, first));
  const { description, metadata } = readScript(tracks.script);
  const stated = tracks.script && readRecordingMetadata(tracks.script);
  const end = await readEnd(source, first);
  const hasTags = tracks.firstTimestamp !== undefined;
  return {
    durationMs: stated?.durationMs ?? (hasTags ? (end ?? (await searchEnd(source, first))) : undefined),
    video: videoInfo(tracks, description),
    audio: audioInfo(tracks),
    keyFrameTimes: stated?.keyFrames?.times,
    metadata,
    damage: isBeingWritten ? undefined : damageOf(hasTags, end),
  };
}

function damageOf(hasTags: boolean, end: number | undefined): string | undefined {
  if (!hasTags) return 'There is neither audio nor video in it.';
  return end === undefined ? 'It does not end with a whole tag: it was cut off, or is damaged.' : undefined;
}

async function firstTagOf(source: ByteSource): Promise<number> {
  const header = Buffer.alloc(fileHeaderBytes);
  const length = await source.read(header, 0);
  if (length < fileHeaderBytes) {
    const message = length === 0 ? 'It is empty.' : 'It ends within the file header.';
    throw new RtmpRemoteError('ERR_FLV_TRUNCATED', message, { offset: length });
  }
  const dataOffset = header.readUInt32BE(5);
  if (header.toString('latin1', 0, 3) !== 'FLV' || dataOffset < fileHeaderBytes || dataOffset > maxHeaderBytes) {
    throw new RtmpRemoteError('ERR_FLV_SIGNATURE', 'It is no FLV file.', { offset: 0 });
  }
  return dataOffset + flvTagTrailerBytes;
}

/** Time of the last frame, by the sizes that stand behind the last tags, ms; `undefined`: they lead nowhere. */
async function readEnd(source: ByteSource, first: number): Promise<number | undefined> {
  let end = source.size;
  let dataTime: number | undefined;
  for (let count = 0; count < maxTagsFromEnd && end > first; count += 1) {
    const trailer = Buffer.alloc(flvTagTrailerBytes);
    await source.read(trailer, end - flvTagTrailerBytes);
    const size = trailer.readUInt32BE(0);
    const start = end - flvTagTrailerBytes - size;
    if (size < flvTagHeaderBytes || start < first) return dataTime;
    const header = Buffer.alloc(flvTagHeaderBytes);
    await source.read(header, start);
    if (header.readUIntBE(1, 3) !== size - flvTagHeaderBytes || header.readUIntBE(8, 3) !== 0) return dataTime;
    const time = ((header.readUInt8(7) << 24) | header.readUIntBE(4, 3)) >>> 0;
    const type = header.readUInt8(0);
    if (type === flvTagTypes.audio || type === flvTagTypes.video) return time;
    dataTime ??= time;
    end = start;
  }
  return dataTime;
}

/** The same of a file that was cut off, by what can be found near its end. */
async function searchEnd(source: ByteSource, first: number): Promise<number | undefined> {
  const from = Math.max(first, source.size - tailBytes);
  const reader = new TagReader(source, from, from !== first);
  let newest: number | undefined;
  for (let tag = reader.peek(); tag !== undefined; tag = reader.peek()) {
    if (tag === 'fill') {
      await reader.fill();
      continue;
    }
    if (tag.tagType !== flvTagTypes.script) newest = Math.max(newest ?? 0, tag.timestamp);
    reader.skip();
  }
  return newest;
}
