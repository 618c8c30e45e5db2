import { RtmpUsageError } from '../bytes/index.js';
import type { ServiceHeader } from './service-header.js';

export interface ServiceQueueLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Five seconds of a room with 200 messages a second; 1 MiB for each of 5,000 stalled members is what a server can hold. */
export const defaultServiceQueueLimits: ServiceQueueLimits = { maxMessages: 1024, maxBytes: 1024 * 1024 };

/**
 * `queued`: the message is in the queue; others may have been dropped for it. `dropped`: it was dropped itself. `full`: it
 * must not be dropped and there is no room, so its receiver is to be closed; nothing has changed.
 */
export type PushResult = 'queued' | 'dropped' | 'full';

interface Entry<Item> {
  readonly item: Item;
  readonly bytes: number;
  /** Counts up with every message, to merge the two lists of a lane in the order of arrival. */
  readonly order: number;
}

/** The messages of one priority, in the order of arrival. */
interface Lane<Item> {
  readonly droppable: Fifo<Entry<Item>>;
  readonly kept: Fifo<Entry<Item>>;
  droppableBytes: number;
}

const lowestPriority = 7;

/**
 * What waits for one member of a service: messages of priority 0 leave first, those of equal priority in the order of
 * arrival. The queue is bounded by count and by bytes. Where a message has no room, messages with `abandon: true` are
 * dropped until it has: those of the lowest priority first, and of equal priority the oldest, since a late danmu is worth
 * less than the one that was just said. A message with `abandon: true` displaces none of a higher priority than its own,
 * one with `abandon: false` any; and where dropping would not make enough room, nothing is dropped for it. Messages with
 * `abandon: false` are never dropped.
 */
export class ServiceQueue<Item> {
  readonly #limits: ServiceQueueLimits;
  /** By priority; made when first used, as most members never have anything waiting. */
  readonly #lanes: (Lane<Item> | undefined)[] = [];
  #length = 0;
  #bytes = 0;
  #nextOrder = 0;
  #droppedMessages = 0;
  #droppedBytes = 0;

  /** @throws RtmpUsageError `ERR_SERVICE_QUEUE` unless the limits are integers from 1 up. */
  constructor(limits: Partial<ServiceQueueLimits> = {}) {
    this.#limits = { ...defaultServiceQueueLimits, ...limits };
    for (const [name, value] of Object.entries(this.#limits)) {
      if (!Number.isSafeInteger(value) || value < 1) fail(`${name} must be an integer from 1 up, not ${value}`);
    }
  }

  /** Messages that wait. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages dropped so far: those that waited, and those that were not taken in. */
  get droppedMessages(): number {
    return this.#droppedMessages;
  }

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /**
   * @param bytes what the message counts for: an integer from 0 up.
   * @throws RtmpUsageError `ERR_SERVICE_QUEUE` for another number, or a priority that is not 0 … 7.
   */
  push(item: Item, { priority, abandon }: Pick<ServiceHeader, 'priority' | 'abandon'>, bytes: number): PushResult {
    if (!Number.isSafeInteger(bytes) || bytes < 0) fail(`bytes must be an integer from 0 up, not ${bytes}`);
    if (!Number.isInteger(priority) || priority < 0 || priority > lowestPriority) {
      fail(`priority must be 0 to ${lowestPriority}, not ${priority}`);
    }
    if (!this.#makeRoom(bytes, abandon ? priority : 0)) {
      if (!abandon) return 'full';
      this.#countDrop(bytes);
      return 'dropped';
    }
    const lane = this.#lane(priority);
    (abandon ? lane.droppable : lane.kept).push({ item, bytes, order: this.#nextOrder });
    if (abandon) lane.droppableBytes += bytes;
    this.#nextOrder += 1;
    this.#length += 1;
    this.#bytes += bytes;
    return 'queued';
  }

  /** The message to be sent next; `undefined`: none waits. */
  shift(): Item | undefined {
    for (const lane of this.#lanes) {
      if (lane === undefined) continue;
      const droppable = lane.droppable.first;
      const kept = lane.kept.first;
      if (droppable !== undefined && (kept === undefined || droppable.order < kept.order)) {
        return this.#takeDroppable(lane)?.item;
      }
      if (kept !== undefined) {
        lane.kept.shift();
        this.#length -= 1;
        this.#bytes -= kept.bytes;
        return kept.item;
      }
    }
    return undefined;
  }

  /** Drops what is of `highest` priority or lower, as far as needed. False, with nothing dropped, where that is too little. */
  #makeRoom(bytes: number, highest: number): boolean {
    if (this.#hasRoom(bytes, 0, 0)) return true;
    let messages = 0;
    let freed = 0;
    for (let priority = highest; priority <= lowestPriority; priority += 1) {
      messages += this.#lanes[priority]?.droppable.length ?? 0;
      freed += this.#lanes[priority]?.droppableBytes ?? 0;
    }
    if (!this.#hasRoom(bytes, messages, freed)) return false;
    for (let priority = lowestPriority; priority >= highest; priority -= 1) {
      const lane = this.#lanes[priority];
      if (lane === undefined) continue;
      while (!this.#hasRoom(bytes, 0, 0)) {
        const dropped = this.#takeDroppable(lane);
        if (dropped === undefined) break;
        this.#countDrop(dropped.bytes);
      }
    }
    return true;
  }

  /** Whether one more message of `bytes` fits, once `messages` with `freed` bytes are gone. */
  #hasRoom(bytes: number, messages: number, freed: number): boolean {
    const { maxMessages, maxBytes } = this.#limits;
    return this.#length - messages < maxMessages && this.#bytes - freed + bytes <= maxBytes;
  }

  #takeDroppable(lane: Lane<Item>): Entry<Item> | undefined {
    const entry = lane.droppable.shift();
    if (entry === undefined) return undefined;
    lane.droppableBytes -= entry.bytes;
    this.#length -= 1;
    this.#bytes -= entry.bytes;
    return entry;
  }

  #countDrop(bytes: number): void {
    this.#droppedMessages += 1;
    this.#droppedBytes += bytes;
  }

  #lane(priority: number): Lane<Item> {
    let lane = this.#lanes[priority];
    if (lane === undefined) {
      lane = { droppable: new Fifo(), kept: new Fifo(), droppableBytes: 0 };
      while (this.#lanes.length < priority) this.#lanes.push(undefined);
      this.#lanes[priority] = lane;
    }
    return lane;
  }
}

/** An array with a moving start: taking the first costs no copy of the rest. */
class Fifo<Entry> {
  #entries: (Entry | undefined)[] = [];
  #start = 0;

  get length(): number {
    return this.#entries.length - this.#start;
  }

  get first(): Entry | undefined {
    return this.#entries[this.#start];
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  shift(): Entry | undefined {
    const entry = this.#entries[this.#start];
    if (entry === undefined) return undefined;
    this.#entries[this.#start] = undefined;
    this.#start += 1;
    // Copying less than was taken since the last copy keeps it a constant cost each.
    if (this.#start * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
    return entry;
  }
}

function fail(message: string): never {
  throw new RtmpUsageError('ERR_SERVICE_QUEUE', message);
}
