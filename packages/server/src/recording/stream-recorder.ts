import { messageTypes, type RawMessage } from '@millrace/protocol';
import {
  JoinHeaders,
  type LiveMessage,
  type PublicationObserver,
  readMediaFacts,
  readPublishedData,
} from '../live/index.js';
import type { FileRecorder } from './file-recorder.js';
import type { MessageFacts } from './format-writer.js';

/** When a recording goes on in a new file. 0: never. */
export interface RotationLimits {
  readonly maxFileMs: number;
  readonly maxFileBytes: number;
}

/**
 * Media of one publication becomes files: one, or with limits, or where a file cannot go on, one after the other, each of
 * which plays by itself.
 */
export class StreamRecorder implements PublicationObserver {
  readonly #open: () => FileRecorder;
  readonly #limits: RotationLimits;
  #recorder: FileRecorder;
  readonly #headers = new JoinHeaders();
  #sequence = 0;
  #hasVideo = false;
  /** Of the file that is being written: timestamp of its first frame, and the payloads in it. */
  #startedAt: number | undefined;
  #bytes = 0;

  /** `open`: begins the next file. */
  constructor(open: () => FileRecorder, limits: RotationLimits) {
    this.#open = open;
    this.#limits = limits;
    this.#recorder = open();
  }

  write(received: RawMessage): void {
    if (received.messageTypeId === messageTypes.audio || received.messageTypeId === messageTypes.video) {
      this.#writeMedia(received);
      return;
    }
    const data = readPublishedData(received);
    switch (data.action) {
      case 'pass':
        this.#sequence += 1;
        if (data.handler !== undefined) this.#headers.setData(data.handler, data.message, this.#sequence);
        this.#recorder.write(data.message, noFrame);
        return;
      case 'clear':
        this.#headers.clearData(data.handler);
        return;
      case 'drop':
        return;
      default:
        data satisfies never;
    }
  }

  end(): void {
    this.#recorder.end();
  }

  #writeMedia(message: LiveMessage): void {
    const media = readMediaFacts(message);
    const isKeyFrame = media.keyFrameTracks.length > 0;
    if (message.messageTypeId === messageTypes.video) this.#hasVideo = true;
    const canBegin = media.isCoded && (isKeyFrame || !this.#hasVideo);
    if (canBegin && (this.#recorder.isOutdated || this.#isDue(message.timestamp))) this.#rotate(message.timestamp);
    this.#sequence += 1;
    this.#bytes += message.payload.length;
    if (media.isCoded) this.#startedAt ??= message.timestamp;
    for (const key of media.headerKeys) this.#headers.setMedia(key, message, this.#sequence);
    this.#recorder.write(message, { isCoded: media.isCoded, isKeyFrame });
  }

  #isDue(timestamp: number): boolean {
    const { maxFileMs, maxFileBytes } = this.#limits;
    const lastedMs = this.#startedAt === undefined ? 0 : (timestamp - this.#startedAt) | 0;
    return (maxFileMs > 0 && lastedMs >= maxFileMs) || (maxFileBytes > 0 && this.#bytes >= maxFileBytes);
  }

  #rotate(timestamp: number): void {
    this.#recorder.end();
    this.#recorder = this.#open();
    this.#startedAt = undefined;
    this.#bytes = 0;
    for (const header of this.#headers.messagesBefore(this.#sequence + 1, timestamp)) {
      this.#recorder.write(header, noFrame);
    }
  }
}

const noFrame: MessageFacts = { isCoded: false, isKeyFrame: false };
