// node packets.mjs INPUT: FFmpeg 8 (node-av) plays a file or URL and prints a line for each stream (its codec and the
// hash of its configuration), then one for each packet, as JSON; times in ms.
import { createHash } from 'node:crypto';
import { AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import { avGetCodecName, FFmpegError, FormatContext, Packet } from 'node-av/lib';

const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');
const source = new FormatContext();
FFmpegError.throwIfError(await source.openInput(process.argv[2], null, null), 'open input');
FFmpegError.throwIfError(await source.findStreamInfo(null), 'find streams');
for (const stream of source.streams) {
  const { codecId, extradata } = stream.codecpar;
  console.log(
    JSON.stringify({ stream: stream.index, codec: avGetCodecName(codecId), extradata: md5(extradata ?? '') }),
  );
}
const packet = new Packet();
packet.alloc();
while ((await source.readFrame(packet)) >= 0) {
  const stream = source.streams[packet.streamIndex];
  const ms = (time) => Math.round((Number(time) * 1000 * stream.timeBase.num) / stream.timeBase.den);
  console.log(
    JSON.stringify({
      media: stream.codecpar.codecType === AVMEDIA_TYPE_VIDEO ? 'video' : 'audio',
      track: packet.streamIndex,
      dts: ms(packet.dts),
      pts: ms(packet.pts),
      size: packet.size,
      hash: md5(packet.data ?? ''),
      isKey: packet.isKeyframe,
    }),
  );
  packet.unref();
}
// Its threads would keep it running; but not before all lines are out, or a slow reader gets only the first 64 KiB.
process.stdout.write('', () => process.exit(0));
