import { messageTypes, type RawMessage } from '@millrace/protocol';
import { JoinHeaders, type LiveMessage, readMediaFacts, readPublishedData } from '../live/index.js';

/** What somebody must be given who comes to a stream that has begun: metadata and configurations. */
export class SeenHeaders {
  readonly #headers = new JoinHeaders();
  #sequence = 0;
  #timestamp = 0;

  take(message: RawMessage): void {
    this.#sequence += 1;
    const { messageTypeId, timestamp } = message;
    if (messageTypeId === messageTypes.audio || messageTypeId === messageTypes.video) {
      this.#timestamp = timestamp;
      for (const key of readMediaFacts(message).headerKeys) this.#headers.setMedia(key, message, this.#sequence);
      return;
    }
    const data = readPublishedData(message);
    if (data.action === 'pass' && data.handler !== undefined) {
      this.#headers.setData(data.handler, data.message, this.#sequence);
    } else if (data.action === 'clear') this.#headers.clearData(data.handler);
  }

  /** With the time of the newest frame. */
  get messages(): readonly LiveMessage[] {
    return this.#headers.messagesBefore(this.#sequence + 1, this.#timestamp);
  }
}
