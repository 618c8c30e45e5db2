import {
  type AmfInput,
  type Capability,
  capabilityQueryHeader,
  type Danmu,
  formatDanmu,
  formatServe,
  formatServiceHeader,
  parseCapability,
  parseDanmu,
  parseServeAnswer,
  parseServiceMessage,
  RtmpRemoteError,
  RtmpUsageError,
  type ServerCall,
  type ServiceHeader,
  type ServiceMessage,
  type StatusInfo,
  serviceMessageName,
  serviceProtocolVersion,
  serviceTypes,
} from '@millrace/protocol';
import { platform } from '#platform';
import { RtmpCommandError, type RtmpConnectionError } from './errors.js';
import { EventQueue } from './event-queue.js';
import type { StreamPort } from './net-stream.js';
import { type CommandOptions, PendingAnswer } from './pending-answer.js';
import { type ServiceStreamEvent, serviceEventBytes } from './service-event.js';

export interface ServeOptions extends CommandOptions {
  /** What service messages are called; default `cdnunion20170314`. */
  readonly messageName?: string;
  /** The network that our messages are said to come from; default none. */
  readonly networkId?: string;
  /** What danmu say of their sender unless told otherwise: by default nothing, PC, and the service's name as the room. */
  readonly sender?: Partial<Pick<Danmu, 'userId' | 'userLevel' | 'deviceType' | 'roomId'>>;
  /** Told of everything as it comes. Nothing waits to be iterated over then. */
  readonly onEvent?: (event: ServiceStreamEvent) => void;
}

/** A danmu; what is left out comes from `ServeOptions.sender`, the clock and the defaults named here. */
export interface DanmuToSend
  extends Partial<Omit<Danmu, 'content'>>,
    Partial<Pick<ServiceHeader, 'priority' | 'abandon' | 'messageId'>> {
  /** The text, up to 500 characters, or the number of gifts. Priority 4, and `abandon: true`, unless told otherwise. */
  readonly content: string;
}

/** By default: version 0, broadcast, priority 4, not to be dropped, a new `messageId`. */
export type ServiceHeaderToSend = Partial<ServiceHeader> & Pick<ServiceHeader, 'serviceType'>;

const middlePriority = 4;
const messageIdBytes = 16;

/**
 * An attachment to a service, such as a room for danmu; `NetConnection.serve` makes one.
 *
 * Iterating over it gives what the server sends on it, in order, unless `onEvent` is told. What is not read waits; past
 * 8 MiB the connection is not read any further until it is. The iteration ends when the stream is closed, and throws
 * `RtmpConnectionError` when the connection is lost.
 */
export class ServiceStream implements AsyncIterable<ServiceStreamEvent, undefined> {
  /** The message stream id, 1 … 2³²−1. */
  readonly id: number;
  /** Of the service; without the query that `serve` may have been given. */
  readonly name: string;
  readonly #servedName: string;
  readonly #port: StreamPort;
  readonly #options: ServeOptions;
  readonly #messageName: string;
  readonly #events: EventQueue<ServiceStreamEvent>;
  /** By message id. */
  readonly #requests = new Map<string, PendingAnswer<ServiceMessage>>();
  #serving: PendingAnswer<'created' | 'attached'> | undefined;
  #outcome: 'created' | 'attached' = 'attached';
  #closed = false;

  private constructor(port: StreamPort, id: number, name: string, options: ServeOptions) {
    this.#port = port;
    this.id = id;
    this.name = name.split('?', 1)[0] ?? '';
    this.#servedName = name;
    this.#options = options;
    this.#messageName = options.messageName ?? serviceMessageName;
    this.#events = new EventQueue(serviceEventBytes, (bytes) => port.onQueuedBytes(id, bytes));
    port.attach(id, {
      playing: false,
      onStatus: (status) => this.#takeStatus(status),
      onCall: (call) => this.#takeCall(call),
      onMessage: () => {},
      onUserControl: () => {},
      close: () => this.close(),
      onEnd: (error) => this.#end(error),
    });
  }

  /** Attaches a message stream, and gives it back where that fails. Throws as `NetConnection.serve` does. */
  static async open(port: StreamPort, id: number, name: string, options: ServeOptions): Promise<ServiceStream> {
    const stream = new ServiceStream(port, id, name, options);
    try {
      await stream.#serve();
      return stream;
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  /** Whether the service came into being with us, or had been there. */
  get outcome(): 'created' | 'attached' {
    return this.#outcome;
  }

  /** `true` from `close`, or from the end of the connection on. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Says something to all others in the room. Returns the id of the message. Throws `RtmpUsageError`
   * `ERR_SERVICE_DANMU` or `ERR_SERVICE_HEADER`, naming the member, for what may not be sent, and as `send` does.
   */
  danmu(danmu: string | DanmuToSend): string {
    const { priority = middlePriority, abandon = true, messageId, ...given } = toObject(danmu);
    const content = formatDanmu({
      userId: '',
      userLevel: '',
      deviceType: 0,
      roomId: this.name,
      timeStampMs: Date.now(),
      danmuType: 0,
      ...this.#options.sender,
      ...given,
    });
    return this.send(
      { serviceType: serviceTypes.danmu, priority, abandon, ...(messageId !== undefined && { messageId }) },
      content,
    );
  }

  /**
   * Sends any service message; `content` is an object, or null. Returns the id of the message. Where much is sent, await
   * `drained()` now and then. Throws `RtmpUsageError` `ERR_SERVICE_HEADER`, and `RtmpConnectionError` when there is no
   * connection any more.
   */
  send(header: ServiceHeaderToSend, content: AmfInput): string {
    const { session } = this.#open();
    const whole: ServiceHeader = {
      version: serviceProtocolVersion,
      transimitType: 'broadcast',
      priority: middlePriority,
      abandon: false,
      messageId: newMessageId(),
      networkId: this.#options.networkId ?? '',
      ...header,
    };
    session.sendCommand(this.id, this.#messageName, [content], formatServiceHeader(whole));
    this.#port.flush();
    return whole.messageId;
  }

  /**
   * Asks the server what its network can do. Throws `RtmpRemoteError` `ERR_RTMP_TIMEOUT_COMMAND` or
   * `ERR_SERVICE_CAPABILITY`, and as `send` does.
   */
  async queryCapability(options: CommandOptions = {}): Promise<Capability> {
    const header = capabilityQueryHeader(newMessageId(), this.#options.networkId ?? '');
    const answer = new PendingAnswer<ServiceMessage>('the capability query', options);
    this.#requests.set(header.messageId, answer);
    try {
      this.send(header, null);
      return parseCapability((await answer.promise).content);
    } finally {
      answer.stopWaiting();
      this.#requests.delete(header.messageId);
    }
  }

  /** Resolves when what was sent is with the system. Rejects with `RtmpConnectionError` when the connection is over. */
  drained(): Promise<void> {
    return this.#port.drained();
  }

  /** Detaches from the service and gives the message stream back. The connection stays. */
  close(): void {
    if (this.#closed) return;
    if (!this.#port.end) {
      this.#port.session.deleteStream(this.id);
      this.#port.flush();
      this.#port.detach(this.id);
    }
    this.#rejectWaiting(new RtmpUsageError('ERR_RTMP_STREAM_CLOSED', 'the service stream was closed'));
    this.#events.finish();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<ServiceStreamEvent, undefined> {
    return this.#events;
  }

  async #serve(): Promise<void> {
    const args = formatServe(this.#servedName);
    const answer = new PendingAnswer<'created' | 'attached'>('serve', this.#options);
    this.#serving = answer;
    try {
      this.#open().session.sendCommand(this.id, 'serve', args);
      this.#port.flush();
      this.#outcome = await answer.promise;
    } finally {
      answer.stopWaiting();
      this.#serving = undefined;
    }
  }

  /** The port, if there is still something behind it. */
  #open(): StreamPort {
    if (this.#port.end) throw this.#port.end;
    if (this.#closed) throw new RtmpUsageError('ERR_RTMP_STREAM_CLOSED', 'the service stream has been closed');
    return this.#port;
  }

  #takeStatus(status: StatusInfo): void {
    if (this.#serving) this.#takeServeAnswer(this.#serving, status);
    else this.#push({ type: 'status', status });
  }

  #takeServeAnswer(serving: PendingAnswer<'created' | 'attached'>, status: StatusInfo): void {
    const answer = parseServeAnswer([status.info]);
    if (answer === undefined) {
      // Such as that of a server that knows no services. Everything else is not about us.
      if (status.level === 'error') serving.reject(new RtmpCommandError('serve', status));
    } else if (answer.outcome === 'refused') {
      const { code, description } = answer;
      serving.reject(new RtmpCommandError('serve', { level: 'error', code, description, info: status.info }));
    } else {
      serving.resolve(answer.outcome);
    }
  }

  /** Whether the command was one for us. */
  #takeCall(call: ServerCall): boolean {
    // The draft's table has a name of its own for the answer to serve, and a string for its status.
    if (call.name.toLowerCase() === 'onstatus') {
      const info = call.args[0] ?? call.commandObject;
      this.#takeStatus({ level: '', code: '', description: typeof info === 'string' ? info : '', info });
      return true;
    }
    if (call.name !== this.#messageName) return false;
    const event = readServiceEvent(call);
    if (event.type !== 'message' || !this.#takeResponse(event.message)) this.#push(event);
    return true;
  }

  #takeResponse(message: ServiceMessage): boolean {
    const { transimitType, messageId } = message.header;
    const request = transimitType === 'response' ? this.#requests.get(messageId) : undefined;
    request?.resolve(message);
    return request !== undefined;
  }

  #push(event: ServiceStreamEvent): void {
    const { onEvent } = this.#options;
    if (onEvent === undefined) this.#events.push(event);
    else if (!this.#closed) onEvent(event);
  }

  #end(error: RtmpConnectionError): void {
    this.#rejectWaiting(error);
    this.#events.finish(error.code === 'ERR_RTMP_CONNECTION_CLOSED' ? undefined : error);
  }

  #rejectWaiting(error: Error): void {
    this.#closed = true;
    this.#serving?.reject(error);
    for (const request of this.#requests.values()) request.reject(error);
  }
}

function toObject(danmu: string | DanmuToSend): DanmuToSend {
  return typeof danmu === 'string' ? { content: danmu } : danmu;
}

function readServiceEvent({ commandObject, args }: ServerCall): ServiceStreamEvent {
  try {
    const message = parseServiceMessage(commandObject, args);
    const { serviceType, transimitType } = message.header;
    if (serviceType !== serviceTypes.danmu || transimitType === 'response') return { type: 'message', message };
    return { type: 'danmu', danmu: parseDanmu(message.content), message };
  } catch (error) {
    if (error instanceof RtmpRemoteError) return { type: 'invalid', error };
    throw error;
  }
}

function newMessageId(): string {
  return Array.from(platform.crypto.randomBytes(messageIdBytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
