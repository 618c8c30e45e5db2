import { createHash } from 'node:crypto';
import { messageTypes, type RawMessage } from '@millrace/protocol';
import { readMediaFacts } from '../live/index.js';

/** Servers begin with a key frame of the last seconds: it is among so many. */
const maxKnown = 64;

/**
 * Who plays a live stream a second time begins with frames that were there the first time: this leaves them out. Where
 * another stream has the name by now, nothing of it is left out.
 */
export class RejoinFilter {
  /** Frames that a stream can begin with. */
  #known: string[] = [];
  #hasVideo = false;
  /** Timestamp of the newest frame, by message type. */
  readonly #newest = new Map<number, number>();
  #state: 'through' | 'joining' | 'catching up' = 'through';

  /** The stream is played anew. */
  rejoin(): void {
    if (this.#newest.size > 0) this.#state = 'joining';
  }

  /** Whether the message is to be recorded. */
  take(message: RawMessage): boolean {
    const { messageTypeId: type, timestamp } = message;
    const isVideo = type === messageTypes.video;
    if (!isVideo && type !== messageTypes.audio) return true;
    const { isCoded, keyFrameTracks } = readMediaFacts(message);
    if (!isCoded) return true;
    if (isVideo) this.#hasVideo = true;
    const isStart = isVideo ? keyFrameTracks.length > 0 : !this.#hasVideo;
    const id = isStart ? idOf(message) : '';
    if (this.#state === 'joining') {
      // Without its key frame nobody can tell whether it is new.
      if (!isStart) return false;
      this.#state = this.#known.includes(id) ? 'catching up' : 'through';
      if (this.#state === 'through') this.#newest.clear();
    }
    const newest = this.#newest.get(type);
    if (this.#state === 'catching up' && newest !== undefined && ((timestamp - newest) | 0) <= 0) return false;
    this.#newest.set(type, timestamp);
    if (isStart) {
      this.#known.push(id);
      if (this.#known.length > maxKnown) this.#known.shift();
    }
    return true;
  }
}

function idOf({ messageTypeId, timestamp, payload }: RawMessage): string {
  return `${messageTypeId} ${timestamp} ${createHash('sha1').update(payload).digest('hex')}`;
}
