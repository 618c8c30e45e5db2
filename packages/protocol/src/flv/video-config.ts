/** What a codec configuration says. A member is absent where the configuration does not say it or cannot be read. */
export interface VideoConfig {
  /** Pixels, after cropping. */
  readonly width?: number;
  readonly height?: number;
  /** A name, as `High` or `Main 10`; a number in digits where it has none. */
  readonly profile?: string;
  /** As `4.1`. */
  readonly level?: string;
  /** RFC 6381, as `avc1.64001f`: what `MediaSource.isTypeSupported` wants. */
  readonly codecString?: string;
}
