/** What can be seen from outside while a video plays. */
export interface PlaybackMeasure {
  readonly width: number;
  readonly height: number;
  /** Seconds of media between the picture and the newest byte: how far behind the server this player is, about. */
  readonly behindSeconds: number | undefined;
  readonly droppedFrames: number;
  readonly totalFrames: number;
}

/** Measures a video element; nothing is kept. */
export function measurePlayback(video: HTMLVideoElement): PlaybackMeasure {
  const { buffered } = video;
  const edge = buffered.length > 0 ? buffered.end(buffered.length - 1) : undefined;
  const quality = video.getVideoPlaybackQuality();
  return {
    width: video.videoWidth,
    height: video.videoHeight,
    behindSeconds: edge === undefined ? undefined : Math.max(0, edge - video.currentTime),
    droppedFrames: quality.droppedVideoFrames,
    totalFrames: quality.totalVideoFrames,
  };
}
