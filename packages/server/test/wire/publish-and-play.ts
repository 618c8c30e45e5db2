import type { NetConnection, NetStream } from '@millrace/client';
import { expect } from 'vitest';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey } from './media-samples.js';
import { digestsOf, type MediaMessage } from './test-publisher.js';

/** What one connection publishes the other gets, every message the same; some are of megabytes. */
export async function expectTheSame(from: NetConnection, to: NetConnection): Promise<void> {
  const publisher = await from.createStream();
  await publisher.publish('test');
  const player = await to.createStream();
  await player.play('test');
  const sent: MediaMessage[] = [];
  const send = (type: 8 | 9, timestamp: number, payload: Uint8Array): void => {
    sent.push({ type, timestamp, payload });
    if (type === 8) publisher.sendAudio(timestamp, payload);
    else publisher.sendVideo(timestamp, payload);
  };
  send(9, 0, avcHeader());
  send(8, 0, aacHeader());
  for (let i = 0; i < 50; i += 1) {
    send(9, i * 40, i % 10 === 0 ? avcKey(i, i === 30 ? 3_000_000 : 30_000) : avcInter(i, 2000));
    send(8, i * 40 + 3, aacFrame(i));
  }
  expect(digestsOf(await take(player, sent.length))).toEqual(digestsOf(sent));
}

async function take(stream: NetStream, count: number): Promise<MediaMessage[]> {
  const media: MediaMessage[] = [];
  for await (const event of stream) {
    if (event.type !== 'audio' && event.type !== 'video') continue;
    media.push({ type: event.type === 'audio' ? 8 : 9, timestamp: event.timestamp, payload: event.payload });
    if (media.length === count) break;
  }
  return media;
}
