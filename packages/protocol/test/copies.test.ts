import { expect, it } from 'vitest';
import { decodeAmf3, encodeAmf3, encodeFlvHeader, encodeFlvTag, FlvDemuxer } from '../src/index.js';

// Node's Buffer is a Uint8Array whose slice() is a view: what is promised to be a copy must be one for Buffers, too.

it('gives byte arrays of their own', () => {
  const input = Buffer.from(encodeAmf3([Uint8Array.of(1, 2, 3)]));
  const [bytes] = decodeAmf3(input);
  input.fill(0);
  expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
});

it('gives payloads of FLV tags of their own', () => {
  const header = encodeFlvHeader({ audio: true, video: false });
  const input = Buffer.concat([header, encodeFlvTag(8, 0, Uint8Array.of(0xaf, 1, 7))]);
  const demuxer = new FlvDemuxer();
  demuxer.push(input);
  demuxer.next();
  const tag = demuxer.next();
  input.fill(0);
  expect(tag).toMatchObject({ kind: 'tag', payload: Uint8Array.of(0xaf, 1, 7) });
});
