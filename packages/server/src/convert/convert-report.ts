/** What came of a conversion. */
export interface ConvertReport {
  readonly durationMs: number;
  readonly frames: number;
  /** Length of the new file. */
  readonly bytes: number;
  /** What it has no place for, in words, and how many messages. */
  readonly lost: ReadonlyMap<string, number>;
  /** Of the source: what could not be read. */
  readonly damagedBytes: number;
  /** Frames that the source lists and does not have. */
  readonly missingFrames: number;
}
