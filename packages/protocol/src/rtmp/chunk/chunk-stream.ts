/** What a receiver remembers of one chunk stream: the fields later headers leave out, and the message in progress. */
export class ChunkStream {
  readonly id: number;
  /** Of the message in progress, or else of the last one. Errata §6: it stands even when that message is aborted. */
  timestamp = 0;
  /** What a message that starts with a type 3 chunk adds to `timestamp`. */
  timestampDelta = 0;
  messageLength = 0;
  messageTypeId = 0;
  messageStreamId = 0;
  /** The last type 0, 1 or 2 chunk had an extended timestamp, so type 3 chunks have it too. */
  extended = false;
  /** The extended timestamp as it was on the wire: an absolute time or a delta. */
  extendedTimestamp = 0;
  /** The first chunk of a message has come and its last one has not. */
  receiving = false;
  /** Payload bytes of the message in progress received so far. */
  received = 0;
  /** Memory for the message in progress; may be shorter than the message until more bytes come. */
  payload: Uint8Array | undefined;
  /** Bytes of `payload` that count against the limit of all messages in progress. */
  reserved = 0;

  constructor(id: number) {
    this.id = id;
  }
}
