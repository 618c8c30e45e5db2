/** Key frames of a stream's other tracks belong to the same start when they come within this time of the first, ms. */
const sameStartMs = 200;

/** Where players of a broadcast can start: at the newest key frame, together with those of other tracks around it. */
export class KeyFrameStart {
  /** Sequence number of its first message; `undefined`: there is none, or it is not kept any more. */
  at: number | undefined;
  /** Whether there ever was one. */
  hadAny = false;
  /** The key frames that came last, of different tracks at one time, while no other video came between. */
  #newest: { readonly first: number; readonly timestamp: number; readonly tracks: Set<string> } | undefined;
  /** Players start at this track's key frames; the others' may come at other times. */
  #track: string | undefined;

  /** A key frame of these tracks. Returns whether players start there now. */
  note(sequence: number, timestamp: number, tracks: readonly string[]): boolean {
    this.hadAny = true;
    let newest = this.#newest;
    const known = newest?.tracks;
    if (
      newest !== undefined &&
      tracks.every((track) => known?.has(track) === false) &&
      Math.abs(timestamp - newest.timestamp) <= sameStartMs
    ) {
      for (const track of tracks) newest.tracks.add(track);
    } else {
      newest = { first: sequence, timestamp, tracks: new Set(tracks) };
      this.#newest = newest;
    }
    for (const track of tracks) {
      if (this.#track === undefined || Number(track) < Number(this.#track)) this.#track = track;
    }
    if (this.#track === undefined || !newest.tracks.has(this.#track)) return false;
    this.at = newest.first;
    return true;
  }

  /** Video that is no key frame. */
  noteOther(): void {
    this.#newest = undefined;
  }

  /** It is not kept any more. */
  forget(): void {
    this.at = undefined;
    this.#newest = undefined;
    // Its key frames may never come again while another track's do.
    this.#track = undefined;
  }
}
