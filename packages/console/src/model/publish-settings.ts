import { rtmpAppUrl, rtmpUrl, type ServerPlace } from './addresses.js';
import type { StreamPath } from './stream-path.js';

/** What a person copies to publish one stream and to watch it. */
export interface PublishSettings {
  /** Publishes the file `input.mp4` over and over, at the speed of its clock. */
  readonly ffmpegFile: string;
  /** Publishes ffmpeg's own test picture and tone: needs no file. */
  readonly ffmpegTest: string;
  readonly obs: {
    readonly service: string;
    readonly server: string;
    readonly streamKey: string;
    readonly keyframeInterval: string;
  };
  readonly ffplay: string;
  /** The address for VLC's "Open Network Stream". */
  readonly vlc: string;
}

const h264 = '-c:v libx264 -preset veryfast -tune zerolatency -g 60';

/** The texts for one stream of this server. Names are quoted for a POSIX shell where they need it. */
export function publishSettings(place: ServerPlace, path: StreamPath): PublishSettings {
  const url = rtmpUrl(place, path);
  const target = `-f flv ${shellWord(url)}`;
  return {
    ffmpegFile: `ffmpeg -re -stream_loop -1 -i input.mp4 ${h264} -c:a aac ${target}`,
    ffmpegTest:
      'ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 ' +
      `${h264} -pix_fmt yuv420p -c:a aac ${target}`,
    obs: {
      service: 'Custom…',
      server: rtmpAppUrl(place, path.app),
      streamKey: path.name,
      keyframeInterval: '2 s',
    },
    ffplay: `ffplay -fflags nobuffer ${shellWord(url)}`,
    vlc: url,
  };
}

/** One word for a POSIX shell: as it is when every character is harmless, in single quotes otherwise. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
