/** How an application wants a stream recorded. */
export interface AppRecordOptions {
  /** `record` (default): a new file, which replaces one that is there when it is complete; the others go on behind it. */
  readonly type?: 'record' | 'append' | 'appendWithGap';
  /**
   * Within `media.dir`, with slashes, ending in `.flv` or `.mp4` (default `.flv`); `{app}`, `{name}`, `{date}` and
   * `{time}` stand for those of the stream. Default `{app}/{name}.flv`.
   */
  readonly file?: string;
}

/** A file that a stream was recorded into, and that is complete. */
export interface AppRecording {
  /** The application that the publisher connected to, and the stream's name there. */
  readonly app: string;
  readonly name: string;
  /** Within `media.dir`, with slashes. */
  readonly file: string;
  /** Of what is in the file, with what was there before where it was appended to. */
  readonly durationMs: number;
  readonly bytes: number;
}

/** Who records a stream while it is published. */
export interface RecordingTarget {
  record(options: AppRecordOptions): Promise<AppRecording>;
  /** Ends what the publisher and the application have begun. */
  stop(): void;
}
