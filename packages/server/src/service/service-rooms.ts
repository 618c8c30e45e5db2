import { randomUUID } from 'node:crypto';
import {
  type AmfValue,
  type Danmu,
  formatDanmu,
  formatServiceHeader,
  parseDanmu,
  parseServe,
  RtmpRemoteError,
  RtmpUsageError,
  type ServiceCall,
  type ServiceHeader,
  serviceProtocolVersion,
  serviceTypes,
} from '@millrace/protocol';
import type { Config } from '../config/index.js';
import type { StoredLine } from '../danmu-file/index.js';
import { FanOut, type StreamKey, streamPath, trimApp } from '../live/index.js';
import type { KeptDanmu } from './danmu-history.js';
import type { DanmuStore } from './danmu-store.js';
import { type Broadcast, type InboxSettings, MemberInbox } from './member-inbox.js';
import type { Moderate } from './moderation.js';
import { type EncodedMessage, encodedLength, encodeServiceMessage, type MemberFormat } from './service-encoding.js';
import type { MemberSink } from './service-member.js';
import { type RoomLimits, ServiceRoom } from './service-room.js';
import type { Upstream } from './upstream.js';

export interface ServiceRoomsOptions {
  readonly config: Pick<Config, 'service' | 'live' | 'limits'>;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  /** Where the stream of this name is, ms from its start; `undefined`: it is not published. */
  readonly mediaTimeMs: (key: StreamKey) => number | undefined;
  /** `undefined`: danmu are kept with nothing. */
  readonly danmuStore?: DanmuStore | undefined;
  /** `undefined`: this server is the origin. */
  readonly upstream?: Upstream | undefined;
}

/** A client's place in a service. */
export interface Membership {
  /** Who attached first has made the service. */
  readonly isFirst: boolean;
  /** To be called once the client has been told that it is attached: sends what was said before. */
  greet(): void;
  take(call: ServiceCall): void;
  /** Messages wait for it. */
  readonly isLagging: boolean;
  /** Sends what was kept of such a service to this member alone. */
  replay(messages: readonly StoredLine[]): void;
  /** Leaves. The last one to leave ends the service. */
  close(): void;
}

export type AttachOutcome =
  | { readonly ok: true; readonly membership: Membership }
  | { readonly ok: false; readonly description: string };

/** What the server itself sends to a service. */
export interface ServerMessage {
  /** Default 0, danmu. */
  readonly serviceType?: number;
  /** Default 0, the highest. */
  readonly priority?: number;
  /** Default false. */
  readonly abandon?: boolean;
  readonly content: AmfValue;
}

/** One row for the API. */
export interface RoomFacts {
  readonly app: string;
  readonly name: string;
  readonly path: string;
  readonly members: number;
  /** Members for whom messages wait. */
  readonly laggingMembers: number;
  readonly messages: number;
  readonly dropped: number;
  readonly duplicates: number;
  readonly refused: number;
}

/** What all services together came to since the server started; rooms and members are those that there are now. */
export interface RoomSums {
  readonly rooms: number;
  readonly members: number;
  readonly messages: number;
  readonly dropped: number;
  readonly duplicates: number;
  readonly refused: number;
}

interface Attachment {
  readonly key: StreamKey;
  readonly format: MemberFormat;
  readonly sink: MemberSink;
  /** `undefined`: nobody has a say about what the client sends. */
  readonly moderate: Moderate | undefined;
}

/** Every service of the server. Services are known by what identifies live streams: one may have the name of a stream. */
export class ServiceRooms {
  readonly #options: ServiceRoomsOptions;
  readonly #fanOut: FanOut;
  readonly #rooms = new Map<string, ServiceRoom>();
  readonly #roomLimits: RoomLimits;
  readonly #inboxSettings: InboxSettings;
  /** Of the services that have ended. */
  #past: RoomSums = { rooms: 0, members: 0, messages: 0, dropped: 0, duplicates: 0, refused: 0 };

  constructor(options: ServiceRoomsOptions) {
    const { live, limits, service } = options.config;
    this.#options = options;
    this.#fanOut = new FanOut(live.maxWindowMs, options.now);
    this.#inboxSettings = {
      ...service,
      messagesPerSecond: service.memberMessagesPerSecond,
    };
    this.#roomLimits = {
      member: {
        queue: { maxMessages: service.queueMessages, maxBytes: service.queueBytes },
        timeoutMs: service.memberTimeoutMs,
        stallTimeoutMs: limits.stallTimeoutMs,
      },
      duplicates: { maxMessages: service.duplicateMessages, maxAgeMs: service.duplicateWindowMs },
      messagesPerSecond: service.roomMessagesPerSecond,
      danmuPerSecond: service.danmuPerSecond,
      history: service.history,
    };
  }

  /** What messages of services are called. */
  get messageName(): string {
    return this.#options.config.service.messageName;
  }

  /** Why a service of this name cannot be; `undefined`: it can. */
  nameComplaint(key: StreamKey): string | undefined {
    try {
      parseServe([key.name]);
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      return error.message;
    }
    return streamPath(key) === undefined ? 'there can be no service of this name' : undefined;
  }

  /** Attaches to the service, which is made if it does not exist. Nothing is sent before `greet`. */
  attach({ key, format, sink, moderate }: Attachment): AttachOutcome {
    const path = streamPath(key);
    const complaint = this.nameComplaint(key);
    if (complaint !== undefined || path === undefined) return { ok: false, description: complaint ?? '' };
    const { maxRooms, maxMembers } = this.#options.config.service;
    const known = this.#rooms.get(path);
    if (known === undefined && this.#rooms.size >= maxRooms) {
      return { ok: false, description: 'There are too many services.' };
    }
    if (known !== undefined && known.memberCount >= maxMembers) {
      return { ok: false, description: 'The service has too many members.' };
    }
    const room = known ?? this.#open(path, key);
    const { now, upstream } = this.#options;
    const member = room.attach(format, sink);
    const inbox = new MemberInbox({
      room,
      member,
      settings: this.#inboxSettings,
      moderate,
      upstream,
      publish: (message) => this.#publish(room, message),
      now,
    });
    const membership: Membership = {
      isFirst: known === undefined,
      greet: () => room.greet(member),
      take: (call) => inbox.take(call),
      get isLagging() {
        return member.isLagging;
      },
      replay: (lines) => {
        const messages = lines.flatMap((line) => encodeStored(this.messageName, line) ?? []);
        room.send(messages, member);
      },
      close: () => {
        inbox.closed();
        room.detach(member);
        if (room.memberCount > 0 || this.#rooms.get(path) !== room) return;
        this.#rooms.delete(path);
        this.#past = { ...plus(this.#past, room), rooms: 0 };
      },
    };
    return { ok: true, membership };
  }

  /**
   * Sends a message of the server's own to every member. Does nothing where there is no such service.
   *
   * @throws RtmpUsageError for a header that cannot be, values that AMF cannot carry, more than 1 MiB, and a danmu that
   * is none.
   */
  broadcast(key: StreamKey, message: ServerMessage): void {
    const room = this.#rooms.get(streamPath(key) ?? '');
    const { messageName, networkId } = this.#options.config.service;
    const { serviceType = serviceTypes.danmu, priority = 0, abandon = false, content } = message;
    const header: ServiceHeader = {
      version: serviceProtocolVersion,
      transimitType: 'broadcast',
      serviceType,
      priority,
      abandon,
      messageId: randomUUID(),
      networkId,
    };
    const headerValue = formatServiceHeader(header);
    if (room === undefined) return;
    const danmu = serviceType === serviceTypes.danmu ? checkDanmu(content) : undefined;
    const encoded = encodeServiceMessage(messageName, header, [headerValue, content]);
    if (encoded === undefined || encodedLength(encoded) > maxOwnBytes) {
      throw new RtmpUsageError(
        'ERR_SERVICE_CONTENT',
        'the content cannot be sent: AMF cannot carry it, or it is too long',
      );
    }
    this.#publish(room, { header, danmu, encoded, from: undefined });
  }

  /** The services that there are now. */
  snapshot(): RoomFacts[] {
    return [...this.#rooms.values()].map((room) => ({
      app: room.name.app,
      name: room.name.name,
      path: room.name.path,
      members: room.memberCount,
      laggingMembers: room.laggingMemberCount,
      messages: room.messages,
      dropped: room.dropped,
      duplicates: room.duplicateMessages,
      refused: room.refused,
    }));
  }

  /** What all services together came to. */
  sums(): RoomSums {
    return [...this.#rooms.values()].reduce(plus, this.#past);
  }

  /** The last danmu of a service, oldest first; `undefined`: there is no such service. */
  danmu(key: StreamKey): readonly KeptDanmu[] | undefined {
    return this.#rooms.get(streamPath(key) ?? '')?.history.danmu;
  }

  /** Stops all sending. */
  close(): void {
    this.#fanOut.close();
  }

  #open(path: string, key: StreamKey): ServiceRoom {
    const room = new ServiceRoom({
      name: { app: trimApp(key.app), name: key.name, path },
      limits: this.#roomLimits,
      now: this.#options.now,
      schedule: (due) => this.#fanOut.schedule(due),
    });
    this.#rooms.set(path, room);
    return room;
  }

  #publish(room: ServiceRoom, { header, danmu, encoded, from }: Broadcast): void {
    const { mediaTimeMs, danmuStore } = this.#options;
    const receivedAtMs = Date.now();
    danmuStore?.store(room.name, { receivedAtMs, header, danmu, amf0: encoded.amf0 });
    const kept = danmu && { mediaTimeMs: mediaTimeMs(room.name), receivedAtMs, header, danmu };
    room.broadcast(encoded, from, kept);
  }
}

function encodeStored(name: string, stored: StoredLine): EncodedMessage | undefined {
  const { header } = stored;
  const content = 'danmu' in stored ? formatDanmu(stored.danmu, storedLimits) : stored.content;
  return encodeServiceMessage(name, header, [formatServiceHeader(header), content]);
}

/** What was taken once is sent again, whatever the limits are now. */
const storedLimits = { maxContentLength: 65_536, maxUserLength: 65_536, maxRoomLength: 65_536 };
/** What the server itself sends may be longer than what its clients send. */
const maxOwnBytes = 1024 * 1024;
const ownDanmuLimits = { maxContentLength: 10_000 };

function checkDanmu(content: AmfValue): Danmu {
  try {
    return parseDanmu(content, ownDanmuLimits);
  } catch (error) {
    if (!(error instanceof RtmpRemoteError)) throw error;
    throw new RtmpUsageError(error.code, error.message, { cause: error });
  }
}

function plus(sums: RoomSums, room: ServiceRoom): RoomSums {
  return {
    rooms: sums.rooms + 1,
    members: sums.members + room.memberCount,
    messages: sums.messages + room.messages,
    dropped: sums.dropped + room.dropped,
    duplicates: sums.duplicates + room.duplicateMessages,
    refused: sums.refused + room.refused,
  };
}
