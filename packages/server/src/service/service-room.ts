import type { Flushable } from '../live/index.js';
import { DanmuHistory, type KeptDanmu } from './danmu-history.js';
import { DuplicateWindow, type DuplicateWindowLimits } from './duplicate-window.js';
import { EncodedBatch, type EncodedMessage, formatKey, type MemberFormat } from './service-encoding.js';
import { type MemberLimits, type MemberSink, ServiceMember } from './service-member.js';
import { TokenBucket } from './token-bucket.js';
import { UserRates } from './user-rates.js';

/** What a room is known by. */
export interface RoomName {
  readonly app: string;
  readonly name: string;
  /** `/app/name`, as that of a live stream. */
  readonly path: string;
}

export interface RoomLimits {
  readonly member: MemberLimits;
  readonly duplicates: DuplicateWindowLimits;
  readonly messagesPerSecond: number;
  /** Of each user; 0: as many as they like. */
  readonly danmuPerSecond: number;
  /** Danmu kept for those who attach later. */
  readonly history: number;
}

export interface RoomOptions {
  readonly name: RoomName;
  readonly limits: RoomLimits;
  readonly now: () => number;
  /** Something is to be flushed. */
  readonly schedule: (room: ServiceRoom) => void;
}

/** Members who get the same bytes. */
interface Output {
  readonly format: MemberFormat;
  readonly members: Set<ServiceMember>;
}

/**
 * A service: its members, and the messages to all of them. Messages are gathered; a flush encodes them once for each
 * format and writes each member once, in one order for all.
 */
export class ServiceRoom implements Flushable {
  readonly name: RoomName;
  readonly duplicates: DuplicateWindow;
  readonly rate: TokenBucket;
  readonly users: UserRates;
  readonly history: DanmuHistory;
  /** Broadcasts taken. */
  messages = 0;
  /** Not sent to one of the members for want of room in its queue. */
  dropped = 0;
  duplicateMessages = 0;
  refused = 0;
  readonly #options: RoomOptions;
  readonly #outputs = new Map<string, Output>();
  /** Those for whom something waits. */
  readonly #lagging = new Set<ServiceMember>();
  /** Who has messages in the batch. */
  readonly #senders = new Set<ServiceMember>();
  #memberCount = 0;
  #batch: EncodedMessage[] = [];
  /** Sequence number of the first message of the batch. */
  #first = 0;

  constructor(options: RoomOptions) {
    const { limits, now } = options;
    this.#options = options;
    this.name = options.name;
    this.duplicates = new DuplicateWindow(limits.duplicates);
    this.rate = new TokenBucket(limits.messagesPerSecond, limits.messagesPerSecond, now());
    this.users = new UserRates(limits.danmuPerSecond);
    this.history = new DanmuHistory(limits.history);
  }

  get memberCount(): number {
    return this.#memberCount;
  }

  get laggingMemberCount(): number {
    return this.#lagging.size;
  }

  /** Nothing is written yet: `greet` is to be called once the member has been told that it is attached. */
  attach(format: MemberFormat, sink: MemberSink): ServiceMember {
    const key = formatKey(format);
    const output = this.#outputs.get(key) ?? { format, members: new Set() };
    this.#outputs.set(key, output);
    const onDrops = (messages: number): void => {
      this.dropped += messages;
    };
    const joinedAt = this.#first + this.#batch.length;
    const member = new ServiceMember({ format, sink, joinedAt, limits: this.#options.limits.member, onDrops });
    output.members.add(member);
    this.#memberCount += 1;
    return member;
  }

  /** Sends the last danmu to a member that has just been attached. */
  greet(member: ServiceMember): void {
    this.send(this.history.messages, member);
  }

  detach(member: ServiceMember): void {
    member.closed();
    this.#lagging.delete(member);
    this.#senders.delete(member);
    const key = formatKey(member.format);
    const output = this.#outputs.get(key);
    if (output === undefined || !output.members.delete(member)) return;
    this.#memberCount -= 1;
    if (output.members.size === 0) this.#outputs.delete(key);
  }

  /** To every member but `from`. */
  broadcast(message: EncodedMessage, from?: ServiceMember, danmu?: KeptDanmu): void {
    this.messages += 1;
    if (danmu !== undefined) this.history.add(danmu, message);
    if (from !== undefined && this.#isMember(from)) {
      from.own.push(this.#first + this.#batch.length);
      this.#senders.add(from);
    }
    this.#batch.push(message);
    this.#options.schedule(this);
  }

  /** To one member. */
  send(messages: readonly EncodedMessage[], member: ServiceMember): void {
    member.send(messages, this.#options.now());
    this.#watch(member);
    if (member.isLagging) this.#options.schedule(this);
  }

  flush(nowMs: number): boolean {
    const messages = this.#batch;
    const first = this.#first;
    if (messages.length > 0) {
      this.#batch = [];
      this.#first += messages.length;
      for (const { format, members } of this.#outputs.values()) {
        const batch = new EncodedBatch(messages, format);
        for (const member of members) {
          member.take(messages, batch, first, nowMs);
          this.#watch(member);
        }
      }
      for (const member of this.#senders) member.own.length = 0;
      this.#senders.clear();
    }
    for (const member of this.#lagging) {
      if (!member.drain(nowMs)) this.#lagging.delete(member);
    }
    return this.#lagging.size > 0;
  }

  #watch(member: ServiceMember): void {
    if (member.isLagging && this.#isMember(member)) this.#lagging.add(member);
  }

  #isMember(member: ServiceMember): boolean {
    return this.#outputs.get(formatKey(member.format))?.members.has(member) === true;
  }
}
