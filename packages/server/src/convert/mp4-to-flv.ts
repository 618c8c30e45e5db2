import type { FileHandle } from 'node:fs/promises';
import { AmfEcmaArray, encodeAmf0, messageTypes, RtmpRemoteError } from '@millrace/protocol';
import { readPublishedProperties, writeAll } from '../flv-file/index.js';
import { amf0Payload, type LiveMessage, readMediaFacts } from '../live/index.js';
import { fileSource, type MediaFile } from '../media-file/index.js';
import { Mp4File } from '../mp4-file/index.js';
import { FlvWriter } from '../recording/index.js';
import type { ConvertReport } from './convert-report.js';

const batchBytes = 1024 * 1024;
const noFrame = { isCoded: false, isKeyFrame: false };
/** What Flash Media Server says of MP4 files alone. */
const mp4Names = ['moovPosition', 'trackinfo'];

/**
 * Writes the frames of an MP4 file into an empty file, as FLV with duration and index, as recordings are. The first track
 * of video and the first of audio. Rejects with the system's errors.
 *
 * @throws RtmpRemoteError where `source` is no MP4 file, or FLV cannot hold it
 */
export async function mp4ToFlv(
  source: FileHandle,
  target: FileHandle,
  onProgress: (share: number) => void,
): Promise<ConvertReport> {
  const { size } = await source.stat();
  const file = await Mp4File.open(fileSource(source, size));
  const writer = new FlvWriter('publisher');
  let batch: Uint8Array[] = [];
  let [position, batched, frames] = [0, 0, 0];
  const flush = async (): Promise<void> => {
    await writeAll(target, batch, position);
    position += batched;
    batch = [];
    batched = 0;
  };
  const push = (parts: readonly Uint8Array[]): void => {
    batch.push(...parts);
    batched += parts.reduce((sum, { length }) => sum + length, 0);
  };
  push(writer.begin([{ message: descriptionOf(file), facts: noFrame }]));
  const reader = file.reader(file.start.position);
  for (let tag = reader.peek(); tag !== undefined; tag = reader.peek()) {
    if (tag === 'fill') {
      // What was read before is not good after that.
      await flush();
      await reader.fill();
      continue;
    }
    const { tagType: messageTypeId, timestamp, payload } = tag;
    const message = { messageTypeId, timestamp, messageStreamId: 0, payload };
    push(writer.write(message, noFrame, timestamp));
    if (readMediaFacts(message).isCoded) frames += 1;
    reader.skip();
    if (batched < batchBytes) continue;
    await flush();
    onProgress(file.durationMs === 0 ? 1 : timestamp / file.durationMs);
  }
  if (frames === 0) throw new RtmpRemoteError('ERR_MP4_NO_MEDIA', 'there are no frames in it');
  await flush();
  await writer.close(target);
  const { durationMs, bytes } = writer;
  return { durationMs, frames, bytes, lost: new Map(), damagedBytes: 0, missingFrames: missingFrames(file) };
}

function missingFrames({ index: { video, audio } }: Mp4File): number {
  return (video?.table.lostSamples ?? 0) + (audio?.table.lostSamples ?? 0);
}

function descriptionOf(file: MediaFile): LiveMessage {
  const properties = new Map(readPublishedProperties(amf0Payload(file.metadata) ?? new Uint8Array()));
  for (const name of mp4Names) properties.delete(name);
  const payload = encodeAmf0(['onMetaData', new AmfEcmaArray(properties)]);
  return { messageTypeId: messageTypes.dataAmf0, timestamp: 0, messageStreamId: 0, payload };
}
