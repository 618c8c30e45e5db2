/** What is to be played. */
export interface PlayableMedia {
  readonly video: { readonly codec: string; readonly codecString?: string } | null;
  readonly audio: { readonly codec: string; readonly codecString?: string } | null;
  /** Since the first of it came. */
  readonly uptimeMs: number;
}

/** Whether and how a stream plays here. */
export type PlayPlan =
  | { kind: 'play'; audio: boolean; video: boolean; notice?: string }
  | { kind: 'wait' }
  | { kind: 'unplayable'; reason: string };

/** Asks the browser; `MediaSource.isTypeSupported` where there is one. */
export type TypeSupport = (mimeType: string) => boolean;

// What mpegts.js 1.8 reads out of FLV, with a common codec string for streams whose own is not known.
const videoCodecs: Readonly<Record<string, string>> = {
  'H.264': 'avc1.42E01E',
  HEVC: 'hvc1.1.6.L93.B0',
  'H.265': 'hvc1.1.6.L93.B0',
  AV1: 'av01.0.04M.08',
};
const audioCodecs: Readonly<Record<string, string>> = {
  AAC: 'mp4a.40.2',
  Opus: 'opus',
  FLAC: 'flac',
  MP3: 'mp3',
};

// Time for the second track to show itself after the first: encoders send both within the first second.
const settleMs = 1500;

/** Decides from the server's description of the stream, before a byte of it is fetched. */
export function planPlayback(stream: PlayableMedia, isTypeSupported: TypeSupport): PlayPlan {
  const { video, audio } = stream;
  if (video === null && audio === null) return { kind: 'wait' };
  if ((video === null || audio === null) && stream.uptimeMs < settleMs) return { kind: 'wait' };

  const videoPlays = video !== null && plays('video', video, videoCodecs, isTypeSupported);
  const audioPlays = audio !== null && plays('audio', audio, audioCodecs, isTypeSupported);
  if (video !== null && !videoPlays) {
    return { kind: 'unplayable', reason: `This browser cannot play ${named(video.codec)}video.` };
  }
  if (audio !== null && !audioPlays) {
    const reason = `This browser cannot play ${named(audio.codec)}audio`;
    if (video === null) return { kind: 'unplayable', reason: `${reason}.` };
    return { kind: 'play', video: true, audio: false, notice: `${reason}: the picture plays without sound.` };
  }
  return { kind: 'play', video: videoPlays, audio: audioPlays };
}

/** The same of a file that the browser reads itself. Of codecs that are not told exactly, only playing shows it. */
export function planFile({ video, audio }: Omit<PlayableMedia, 'uptimeMs'>, canPlay: TypeSupport): PlayPlan {
  const isMissing = (track: PlayableMedia['video']): boolean =>
    track?.codecString !== undefined && !canPlay(`video/mp4; codecs="${track.codecString}"`);
  const [noVideo, noAudio] = [isMissing(video), isMissing(audio)];
  const reason = `This browser cannot play ${noVideo ? `${named(video?.codec ?? '')}video` : `${named(audio?.codec ?? '')}audio`}`;
  if ((noVideo && (noAudio || audio === null)) || (noAudio && video === null)) {
    return { kind: 'unplayable', reason: `${reason}.` };
  }
  const rest = noVideo ? 'the sound plays without a picture' : 'the picture plays without sound';
  return {
    ...{ kind: 'play', video: video !== null && !noVideo, audio: audio !== null && !noAudio },
    ...((noVideo || noAudio) && { notice: `${reason}: ${rest}.` }),
  };
}

function named(codec: string): string {
  return codec === 'unknown' ? 'this ' : `${codec} `;
}

function plays(
  kind: 'video' | 'audio',
  track: { codec: string; codecString?: string },
  known: Readonly<Record<string, string>>,
  isTypeSupported: TypeSupport,
): boolean {
  const common = Object.hasOwn(known, track.codec) ? known[track.codec] : undefined;
  if (common === undefined) return false;
  // MP3 goes to the browser as it is (audio/mpeg), everything else inside MP4.
  if (track.codec === 'MP3') return isTypeSupported('audio/mpeg') || isTypeSupported('audio/mp4; codecs="mp3"');
  return isTypeSupported(`${kind}/mp4; codecs="${track.codecString ?? common}"`);
}
