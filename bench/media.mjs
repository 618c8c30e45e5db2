// What is published where a benchmark needs a stream: 30 frames of video a second and sound, 2.5 Mbit/s.

export const frameMs = 1000 / 30;
export const avcHeader = Uint8Array.of(0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, 0x1e, 0xff, 0xe0, 0);
export const aacHeader = Uint8Array.of(0xaf, 0, 0x11, 0x90);

/** A frame of video and one of sound, as messages without a time. */
export function frameMessages(frame) {
  const isKey = frame % 60 === 0;
  const video = new Uint8Array(isKey ? 40_000 : 9_900).fill(0x5a);
  video.set([isKey ? 0x17 : 0x27, 1, 0, 0, 0]);
  const audio = new Uint8Array(372).fill(0x5a);
  audio.set([0xaf, 1]);
  return { video, audio, timestamp: Math.round(frame * frameMs) };
}
