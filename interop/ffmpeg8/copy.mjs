// node copy.mjs INPUT OUTPUT [realtime]: FFmpeg 8 (node-av) copies every stream into FLV: a file or an RTMP server.
// `realtime` sends each packet when it is due, like ffmpeg's -re.
import { setTimeout as pause } from 'node:timers/promises';
import { AVFMT_NOFILE, AVIO_FLAG_WRITE } from 'node-av/constants';
import { Dictionary, FFmpegError, FormatContext, IOContext, Packet } from 'node-av/lib';

const [input, output, mode] = process.argv.slice(2);

function check(result, what) {
  FFmpegError.throwIfError(result, what);
}

const source = new FormatContext();
check(await source.openInput(input, null, null), 'open input');
check(await source.findStreamInfo(null), 'find streams');

const target = new FormatContext();
check(target.allocOutputContext2(null, 'flv', output), 'allocate output');
for (const stream of source.streams) {
  const copy = target.newStream(null);
  check(stream.codecpar.copy(copy.codecpar), 'copy parameters');
  // The tag is the input container's; FLV chooses its own.
  copy.codecpar.codecTag = 0;
  copy.timeBase = stream.timeBase;
}
if (!target.oformat.hasFlags(AVFMT_NOFILE)) {
  const io = new IOContext();
  check(await io.open2(output, AVIO_FLAG_WRITE), 'open output');
  target.pb = io;
}
check(await target.writeHeader(Dictionary.fromObject({ flvflags: 'no_duration_filesize' })), 'write header');

const packet = new Packet();
packet.alloc();
const startedAt = performance.now();
let firstMs;
while ((await source.readFrame(packet)) >= 0) {
  const from = source.streams[packet.streamIndex].timeBase;
  const to = target.streams[packet.streamIndex].timeBase;
  const dtsMs = (Number(packet.dts) * from.num * 1000) / from.den;
  firstMs ??= dtsMs;
  if (mode === 'realtime') {
    const early = dtsMs - firstMs - (performance.now() - startedAt);
    if (early > 0) await pause(early);
  }
  packet.rescaleTs(from, to);
  check(await target.interleavedWriteFrame(packet), 'write packet');
  packet.unref();
}
check(await target.writeTrailer(), 'write trailer');
await target.closeOutput();
await source.closeInput();
// The library may keep threads of its own for a while.
process.exit(0);
