import {
  type AmfValue,
  type Danmu,
  formatCapability,
  formatServiceHeader,
  parseDanmu,
  parseServiceMessage,
  RtmpRemoteError,
  responseHeader,
  type ServiceCall,
  type ServiceHeader,
  type ServiceMessage,
  serviceProtocolVersion,
  serviceTypes,
} from '@millrace/protocol';
import type { Moderate, ModerationVerdict } from './moderation.js';
import { type EncodedMessage, encodedLength, encodeServiceMessage } from './service-encoding.js';
import type { ServiceMember } from './service-member.js';
import type { ServiceRoom } from './service-room.js';
import { TokenBucket } from './token-bucket.js';
import type { Upstream } from './upstream.js';
import { mayFit } from './value-size.js';

export interface InboxOptions {
  readonly room: ServiceRoom;
  readonly member: ServiceMember;
  readonly settings: InboxSettings;
  /** `undefined`: nobody has a say. */
  readonly moderate: Moderate | undefined;
  readonly upstream: Upstream | undefined;
  /** Sends a broadcast on. */
  readonly publish: (message: Broadcast) => void;
  readonly now: () => number;
}

export interface InboxSettings {
  readonly messageName: string;
  readonly networkName: string;
  readonly networkId: string;
  readonly messagesPerSecond: number;
  readonly roomMessagesPerSecond: number;
  readonly danmuPerSecond: number;
  readonly maxMessageBytes: number;
  readonly maxDanmuLength: number;
}

/** What is sent to a room, as it came or as a moderator has it. */
export interface Broadcast {
  readonly header: ServiceHeader;
  readonly danmu: Danmu | undefined;
  readonly encoded: EncodedMessage;
  /** `undefined`: the server itself. */
  readonly from: ServiceMember | undefined;
}

interface Received extends Broadcast {
  /** The header, the content, and what else came. */
  readonly values: readonly AmfValue[];
}

/** Messages that may be wrong before the connection is closed, and how many of them are forgiven a second. */
const maxFaults = 20;
const faultsForgivenPerSecond = 0.2;
/** So many seconds' worth of messages above the limit, each refused, are a flood. */
const floodSeconds = 10;
/** Messages of one member that may wait for a moderator. */
const maxUndecided = 64;

/** What one member sends: checked, limited, shown to moderators in order, and sent where it belongs. */
export class MemberInbox {
  readonly #options: InboxOptions;
  readonly #rate: TokenBucket;
  readonly #flood: TokenBucket;
  readonly #faults: TokenBucket;
  readonly #undecided: Received[] = [];
  #isDeciding = false;
  #isClosed = false;

  constructor(options: InboxOptions) {
    const { settings, now } = options;
    const perSecond = settings.messagesPerSecond;
    this.#options = options;
    this.#rate = new TokenBucket(perSecond, perSecond, now());
    this.#flood = new TokenBucket(perSecond * floodSeconds, perSecond, now());
    this.#faults = new TokenBucket(maxFaults, faultsForgivenPerSecond, now());
  }

  /** A message from the member. */
  take({ header, args }: ServiceCall): void {
    if (this.#isClosed || !this.#isInTime()) return;
    try {
      this.#route(parseServiceMessage(header, args), args.slice(1));
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      this.#fault(error);
    }
  }

  /** The member has gone: what waits for a moderator is not sent. */
  closed(): void {
    this.#isClosed = true;
    this.#undecided.length = 0;
  }

  #isInTime(): boolean {
    const { settings, now, member } = this.#options;
    const nowMs = now();
    if (this.#rate.take(nowMs)) return true;
    if (this.#flood.take(nowMs)) this.#refuse(`Too many messages: ${settings.messagesPerSecond} a second are allowed.`);
    else this.#close(new RtmpRemoteError('ERR_SERVICE_FLOOD', 'too many messages for too long'), member);
    return false;
  }

  #route(message: ServiceMessage, rest: readonly AmfValue[]): void {
    const { transimitType } = message.header;
    switch (transimitType) {
      case 'broadcast':
        this.#takeBroadcast(message, rest);
        return;
      case 'edge':
        this.#answer(message);
        return;
      case 'origin':
        this.#takeForOrigin(message);
        return;
      case 'response':
        throw new RtmpRemoteError('ERR_SERVICE_HEADER', 'transimitType is that of a response, which only servers send');
      default:
        transimitType satisfies never;
    }
  }

  #takeBroadcast({ header, headerValue, content }: ServiceMessage, rest: readonly AmfValue[]): void {
    const { room, settings, member, now } = this.#options;
    const danmu =
      header.serviceType === serviceTypes.danmu
        ? parseDanmu(content, { maxContentLength: settings.maxDanmuLength })
        : undefined;
    const values = [headerValue, content, ...rest];
    const encoded = this.#encode(header, values);
    const nowMs = now();
    if (room.duplicates.isDuplicate(header, nowMs)) {
      room.duplicateMessages += 1;
      return;
    }
    const complaint = this.#complaint(danmu, nowMs);
    if (complaint !== undefined) {
      this.#refuse(complaint, header);
      return;
    }
    const received = { header, danmu, encoded, values, from: member };
    if (this.#options.moderate === undefined) this.#options.publish(received);
    else this.#queue(received);
  }

  /** The service as a whole has too much of it. */
  #complaint(danmu: Danmu | undefined, nowMs: number): string | undefined {
    const { room, settings } = this.#options;
    if (danmu !== undefined && !room.users.take(danmu.userId, nowMs)) {
      return `Too many danmu: ${settings.danmuPerSecond} a second are allowed for each user.`;
    }
    if (room.rate.take(nowMs)) return undefined;
    return `The service has too many messages: ${settings.roomMessagesPerSecond} a second are allowed.`;
  }

  #encode(header: ServiceHeader, values: readonly AmfValue[]): EncodedMessage {
    const { messageName, maxMessageBytes } = this.#options.settings;
    if (!mayFit(values, maxMessageBytes)) {
      throw new RtmpRemoteError(
        'ERR_SERVICE_TOO_LONG',
        `the message is too long, allowed up to ${maxMessageBytes} bytes`,
      );
    }
    const encoded = encodeServiceMessage(messageName, header, values);
    if (encoded === undefined) throw new RtmpRemoteError('ERR_SERVICE_CONTENT', 'the content cannot be forwarded');
    const length = encodedLength(encoded);
    if (length <= maxMessageBytes) return encoded;
    throw new RtmpRemoteError(
      'ERR_SERVICE_TOO_LONG',
      `the message is too long: ${length} bytes, allowed up to ${maxMessageBytes}`,
    );
  }

  #takeForOrigin(message: ServiceMessage): void {
    const { upstream, room } = this.#options;
    const answer = (header: ServiceHeader, content: AmfValue): void => {
      if (!this.#isClosed) this.#send(header, content);
    };
    if (upstream?.forward(room.name, message, answer) !== true) this.#answer(message);
  }

  /** Only the capability query has an answer; what else is for the edge is for nobody here. */
  #answer({ header }: ServiceMessage): void {
    const { networkName, networkId } = this.#options.settings;
    if (header.serviceType !== serviceTypes.capability) return;
    const content = formatCapability({
      networkName,
      live: 'rtmp',
      rtc: 'no',
      service: serviceProtocolVersion,
      danmu: 'danmu',
    });
    this.#send(responseHeader(header, networkId === '' ? undefined : networkId), content);
  }

  #send(header: ServiceHeader, content: AmfValue): void {
    const { room, member, settings } = this.#options;
    const message = encodeServiceMessage(settings.messageName, header, [formatServiceHeader(header), content]);
    if (message !== undefined) room.send([message], member);
  }

  #queue(received: Received): void {
    if (this.#undecided.length >= maxUndecided) {
      this.#refuse('Too many messages wait for a decision.', received.header);
      return;
    }
    this.#undecided.push(received);
    this.#decide();
  }

  /** One after the other: messages keep their order, however long each decision takes. */
  #decide(): void {
    const { moderate } = this.#options;
    while (moderate !== undefined && !this.#isDeciding) {
      const received = this.#undecided[0];
      if (received === undefined) return;
      const verdict = moderate({ header: received.header, content: received.values[1] ?? null, danmu: received.danmu });
      if (!(verdict instanceof Promise)) {
        this.#decided(received, verdict);
        continue;
      }
      this.#isDeciding = true;
      const decided = verdict.then((late) => {
        this.#isDeciding = false;
        if (this.#isClosed) return;
        this.#decided(received, late);
        this.#decide();
      });
      // Nobody awaits it: thrown on, it would end the process.
      decided.catch((err) => this.#options.member.sink.failed(err));
    }
  }

  #decided(received: Received, verdict: ModerationVerdict): void {
    this.#undecided.shift();
    if (verdict === undefined) {
      this.#options.publish(received);
      return;
    }
    if ('refused' in verdict) {
      this.#refuse(verdict.refused, received.header);
      return;
    }
    this.#rewritten(received, verdict.content);
  }

  #rewritten({ header, danmu, values: [headerValue = null, , ...rest], from }: Received, content: AmfValue): void {
    try {
      const encoded = this.#encode(header, [headerValue, content, ...rest]);
      this.#options.publish({ header, danmu: danmu && parseDanmu(content, rewrittenLimits), encoded, from });
    } catch {
      // The moderator's fault, not the member's: it may have returned anything.
      this.#refuse('The message cannot be sent as it was changed.', header);
    }
  }

  /** `header`: its sender may try the message again. */
  #refuse(description: string, header?: ServiceHeader): void {
    const { room, member } = this.#options;
    room.refused += 1;
    if (header !== undefined) room.duplicates.forget(header);
    member.sink.refuse(description);
  }

  #fault(error: RtmpRemoteError): void {
    const { room, member, now } = this.#options;
    if (this.#faults.take(now())) {
      this.#refuse(error.message);
      return;
    }
    room.refused += 1;
    this.#close(new RtmpRemoteError('ERR_SERVICE_FAULTS', `too many faulty messages: ${error.message}`), member);
  }

  #close(error: RtmpRemoteError, { sink }: ServiceMember): void {
    this.closed();
    sink.close(error);
  }
}

/** A moderator may write more than a member. */
const rewrittenLimits = { maxContentLength: 10_000 };
