/** What an audio message says about its track. A member is absent where it is not said or cannot be read. */
export interface AudioConfig {
  /** Hz, as decoded (twice the coded rate with SBR). */
  readonly sampleRate?: number;
  readonly channels?: number;
  /** RFC 6381, as `mp4a.40.2`: what `MediaSource.isTypeSupported` wants. */
  readonly codecString?: string;
}
