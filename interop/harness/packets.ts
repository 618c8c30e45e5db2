import { Program } from './program.js';

/** One media packet as a demuxer sees it: times in ms, the hash of its payload. */
export interface Packet {
  readonly media: string;
  readonly track: number;
  readonly dts: number;
  readonly pts: number;
  readonly size: number;
  readonly hash: string;
  /** Undefined where the peer does not say. */
  readonly isKey: boolean | undefined;
}

const probeArgs = [
  '-v',
  'error',
  '-show_entries',
  'packet=codec_type,stream_index,pts_time,dts_time,size,flags,data_hash',
  '-show_data_hash',
  'md5',
  '-of',
  'compact=nk=0:p=0',
];

/** Starts ffprobe as a player of a file or URL; `probedPackets` reads what it has seen so far. */
export function startProbe(input: string, inputArgs: readonly string[] = []): Program {
  return Program.start('ffprobe', [...probeArgs, ...inputArgs, input]);
}

export function probedPackets(probe: Program): Packet[] {
  return probe.stdout.split('\n').flatMap((line) => {
    const fields = new Map(
      line.split('|').map((field) => [field.split('=', 1)[0], field.slice(field.indexOf('=') + 1)]),
    );
    const hash = fields.get('data_hash');
    if (hash === undefined) return [];
    return [
      {
        media: fields.get('codec_type') ?? '',
        track: Number(fields.get('stream_index')),
        dts: Math.round(Number(fields.get('dts_time')) * 1000),
        pts: Math.round(Number(fields.get('pts_time')) * 1000),
        size: Number(fields.get('size')),
        hash: hash.replace('MD5:', ''),
        isKey: fields.get('flags')?.startsWith('K'),
      },
    ];
  });
}

/** Every packet of a file, in file order. */
export async function packetsOfFile(path: string): Promise<Packet[]> {
  const probe = startProbe(path);
  await probe.succeed();
  return probedPackets(probe);
}

/** Seconds, as ffprobe has them of a file in which it finds no fault. */
export async function durationOfFile(file: string): Promise<number> {
  const probe = Program.start('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file]);
  await probe.succeed();
  if (probe.stderr !== '') throw new Error(`ffprobe: ${probe.stderr}`);
  return Number(probe.stdout);
}

/** Arguments that make ffmpeg play `url` and write one hash per packet to its standard output. */
export function hashingPlayerArgs(url: string): string[] {
  return ['-v', 'error', '-copyts', '-i', url, '-map', '0', '-c', 'copy', '-f', 'framehash', '-hash', 'md5', '-'];
}

/** Reads ffmpeg's framehash format. */
export function hashedPackets(framehash: string): Packet[] {
  const media = new Map<string, string>();
  const packets: Packet[] = [];
  for (const line of framehash.split('\n')) {
    const type = /^#media_type (\d+): (\w+)/.exec(line);
    if (type?.[1] && type[2]) media.set(type[1], type[2]);
    const fields = line.split(',').map((field) => field.trim());
    const [track, dts, pts, , size, hash] = fields;
    if (line.startsWith('#') || track === undefined || hash === undefined) continue;
    packets.push({
      media: media.get(track) ?? '',
      track: Number(track),
      dts: Number(dts),
      pts: Number(pts),
      size: Number(size),
      hash,
      isKey: undefined,
    });
  }
  return packets;
}

function show(packet: Packet | undefined): string {
  if (!packet) return 'nothing';
  return `${packet.media} dts ${packet.dts} pts ${packet.pts} ${packet.size} bytes ${packet.hash.slice(0, 8)}`;
}

function isSame(a: Packet | undefined, b: Packet | undefined): boolean {
  return a?.media === b?.media && a?.dts === b?.dts && a?.pts === b?.pts && a?.hash === b?.hash;
}

/**
 * What differs between the packets a player got and those sent, in order, from the first one it got to the last one
 * sent; undefined if nothing does. A player may begin with the first packet sent or at a video key frame.
 */
export function differenceFromSent(received: readonly Packet[], sent: readonly Packet[]): string | undefined {
  const first = received[0];
  if (!first) return 'nothing was received';
  const start = sent.findIndex((packet) => isSame(packet, first));
  if (start < 0) return `the first packet received was never sent so: ${show(first)}`;
  const begin = sent[start];
  const hasVideo = sent.some((packet) => packet.media === 'video');
  if (start > 0 && hasVideo && !(begin?.media === 'video' && begin.isKey))
    return `it began in the middle of a group of pictures: ${show(first)}`;
  return difference(received, sent.slice(start));
}

/** The first difference between two runs of packets, or undefined. */
function difference(received: readonly Packet[], expected: readonly Packet[]): string | undefined {
  const length = Math.max(received.length, expected.length);
  for (let i = 0; i < length; i++) {
    if (!isSame(received[i], expected[i]))
      return `packet ${i} of ${expected.length}: got ${show(received[i])}, sent ${show(expected[i])}`;
  }
  return undefined;
}

/** For players whose output is not in the order of arrival: one kind of media alone. */
export function only(media: string, packets: readonly Packet[]): Packet[] {
  return packets.filter((packet) => packet.media === media);
}
