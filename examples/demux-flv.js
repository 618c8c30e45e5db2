// Prints what is in an FLV file, or in a stream over HTTP-FLV:
//   node examples/demux-flv.js input.flv
//   node examples/demux-flv.js http://localhost:8080/live/test.flv
import { createReadStream } from 'node:fs';
import {
  amfToPlain,
  FlvDemuxer,
  flvTagTypes,
  parseAudioConfig,
  parseAudioTagHeader,
  parseMetadata,
  parseVideoConfig,
  parseVideoTagHeader,
} from '@millrace/protocol';

process.stdout.on('error', () => process.exit()); // `| head` has seen enough.

const [source] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: node examples/demux-flv.js FILE|URL');
  process.exit(2);
}

/** @param {import('@millrace/protocol').FlvTag} tag */
function describe({ tagType, payload }) {
  if (tagType === flvTagTypes.script) {
    const { handler, values } = parseMetadata(payload);
    return `${handler} ${JSON.stringify(values.map(amfToPlain))}`;
  }
  const isVideo = tagType === flvTagTypes.video;
  const header = isVideo ? parseVideoTagHeader(payload) : parseAudioTagHeader(payload);
  if (header === undefined) return 'empty';
  const words = [header.kind, header.codec, header.packetType, `${payload.length} bytes`];
  if (header.kind === 'video' && header.isKeyFrame) words.push('key frame');
  if (header.isSequenceStart)
    words.push(JSON.stringify(isVideo ? parseVideoConfig(payload) : parseAudioConfig(payload)));
  return words.join(' ');
}

/** @returns {Promise<AsyncIterable<Uint8Array>>} */
async function open(/** @type {string} */ from) {
  if (!/^https?:/.test(from)) return createReadStream(from);
  const response = await fetch(from);
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  return response.body;
}

const demuxer = new FlvDemuxer();
for await (const bytes of await open(source)) {
  demuxer.push(bytes);
  for (let item = demuxer.next(); item !== undefined; item = demuxer.next()) {
    if (item.kind === 'header') console.log(`FLV ${item.version}, audio: ${item.audio}, video: ${item.video}`);
    else console.log(`${item.timestamp} ${describe(item)}`);
  }
}
demuxer.end();
