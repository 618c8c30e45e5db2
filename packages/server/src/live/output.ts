import { EncodedLog } from './encoded-log.js';
import type { LiveMessage } from './live-message.js';
import type { MessageLog } from './message-log.js';
import type { Player } from './player.js';
import type { WireEncoding } from './wire-encoding.js';

/** The players of a broadcast that get the same bytes, and these bytes. */
export class Output {
  readonly encoding: WireEncoding;
  readonly log: EncodedLog;
  readonly players = new Set<Player>();
  /** The newest range asked for: nearly all players of a window want the same one. */
  #from = -1;
  #to = -1;
  #views: readonly Buffer[] = [];

  constructor(encoding: WireEncoding, messages: MessageLog, first: number) {
    this.encoding = encoding;
    this.log = new EncodedLog(encoding, messages, first);
  }

  views(from: number, to: number): readonly Buffer[] {
    if (from !== this.#from || to !== this.#to) {
      this.#views = this.log.views(from, to);
      this.#from = from;
      this.#to = to;
    }
    return this.#views;
  }

  /** Messages that are not in the log, in this output's encoding. */
  encode(messages: readonly LiveMessage[]): Buffer {
    const length = messages.reduce((sum, message) => sum + this.encoding.encodedLength(message), 0);
    const bytes = Buffer.allocUnsafe(length);
    let offset = 0;
    for (const message of messages) {
      if (this.encoding.encodedLength(message) > 0) offset = this.encoding.write(bytes, offset, message);
    }
    return bytes;
  }
}
