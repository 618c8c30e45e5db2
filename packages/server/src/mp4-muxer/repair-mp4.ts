import type { FileHandle } from 'node:fs/promises';
import type { RewriteReport } from '../flv-file/index.js';
import { fileSource } from '../media-file/index.js';
import { inspectMp4, readMp4Index } from '../mp4-file/index.js';
import { finishMp4 } from './finish-mp4.js';
import { isOurMp4 } from './mp4-survey.js';

const copyBytes = 1024 * 1024;

/**
 * Copies a file in fragments as far as its last whole one into an empty file; a recording of ours is completed there.
 * `undefined`: it has no fragments, so there is nothing that could be cut. Rejects with the system's errors.
 *
 * @throws RtmpRemoteError `ERR_MP4_…`
 */
export async function repairMp4(source: FileHandle, target: FileHandle): Promise<RewriteReport | undefined> {
  const { size } = await source.stat();
  const { fragments, soundBytes, damages } = await readMp4Index(fileSource(source, size));
  if (fragments === 0) return undefined;
  const reason = damages[0]?.reason ?? 'a fragment without its media';
  const buffer = Buffer.allocUnsafe(copyBytes);
  for (let at = 0; at < soundBytes; ) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(copyBytes, soundBytes - at), at);
    if (bytesRead === 0) break;
    for (let written = 0; written < bytesRead; ) {
      written += (await target.write(buffer, written, bytesRead - written, at + written)).bytesWritten;
    }
    at += bytesRead;
  }
  if (await isOurMp4(target)) await finishMp4(target);
  const { bytes, video, audio, durationMs, keyFrameCount } = await inspectMp4(target);
  return {
    keptTags: video.tags + audio.tags,
    durationMs,
    keyFrameCount,
    damages: soundBytes === size ? [] : [{ kind: 'damage', offset: soundBytes, end: size, reason }],
    lostBytes: size - soundBytes,
    mendedTrailers: 0,
    bytes,
  };
}
