import {
  type AmfInput,
  type AmfValue,
  type ClientEvent,
  ClientSession,
  type ClientSessionOptions,
  type ObjectEncoding,
  RtmpRemoteError,
  type ServerCall,
  type StatusInfo,
} from '@millrace/protocol';
import { platform } from '#platform';
import { isBandwidthCheck, readBandwidth } from './bandwidth.js';
import type { ByteConnection } from './byte-connection.js';
import { type ConnectOptions, sessionOptions } from './connect-options.js';
import { RtmpCommandError, type RtmpConnectionError } from './errors.js';
import { NetStream, type StreamPort, type StreamSink } from './net-stream.js';
import { type CommandOptions, PendingAnswer } from './pending-answer.js';
import { parseRtmpUrl, type RtmpUrl } from './rtmp-url.js';
import { type ServeOptions, ServiceStream } from './service-stream.js';
import { SessionSocket, sessionNowMs } from './session-socket.js';
import {
  SharedObject,
  type SharedObjectOptions,
  type SharedObjectPort,
  type SharedObjectSink,
} from './shared-object.js';
import type { SharedValue } from './shared-value.js';

const defaultTimeoutMs = 10_000;
const defaultMaxQueuedBytes = 8 * 1024 * 1024;

/** A connection to an application of a server. */
export class NetConnection {
  /** What was connected to; `streamName` is what its path names beyond the app. */
  readonly url: RtmpUrl;
  readonly #options: ConnectOptions;
  readonly #session: ClientSession;
  readonly #socket: SessionSocket;
  readonly #connectAnswer: PendingAnswer<void>;
  /** By transaction id. */
  readonly #answers = new Map<number, PendingAnswer<AmfValue>>();
  /** By message stream id. */
  readonly #sinks = new Map<number, StreamSink>();
  /** By name. */
  readonly #sharedObjects = new Map<string, SharedObjectSink>();
  /** Streams with more waiting than they may have. */
  readonly #fullStreams = new Set<number>();
  readonly #port: StreamPort;
  #status: StatusInfo | undefined;
  #properties: AmfValue;
  #onClosed: (error: RtmpConnectionError) => void = () => {};

  /** Resolves when the connection is over, with the reason; `ERR_RTMP_CONNECTION_CLOSED` is the orderly one. */
  readonly closed: Promise<RtmpConnectionError> = new Promise((resolve) => {
    this.#onClosed = resolve;
  });

  private constructor(
    url: RtmpUrl,
    bytes: ByteConnection,
    session: Omit<ClientSessionOptions, 'nowMs'>,
    options: ConnectOptions,
  ) {
    this.url = url;
    this.#options = options;
    this.#connectAnswer = new PendingAnswer('connect', { timeoutMs: 0, signal: options.signal });
    this.#session = new ClientSession({ ...session, nowMs: sessionNowMs() });
    this.#socket = new SessionSocket(bytes, this.#session, {
      onEvent: (event) => this.#receive(event),
      onEnd: (error) => this.#ended(error),
    });
    this.#port = this.#createPort();
    this.#session.connect({ ...options, app: url.app, tcUrl: url.tcUrl, args: options.args ?? url.connectArgs });
    this.#socket.flush();
  }

  /**
   * Connects to the app of an `rtmp:`, `rtmpe:`, `rtmps:`, `rtmpt:`, `rtmpte:`, `rtmpts:`, `ws:` or `wss:` URL: TCP, TLS,
   * HTTP or WebSocket, handshake, `connect`. Browsers have WebSockets only.
   *
   * Throws `RtmpConnectionError` when there is no way to the server or it breaks off, `RtmpCommandError` when it refuses,
   * `RtmpUsageError` for a URL that is none, a handshake that is not there, or an SWF file that is none, and the signal's
   * reason when it is aborted.
   */
  static async connect(url: string | RtmpUrl, options: ConnectOptions = {}): Promise<NetConnection> {
    const { appSegments = 1, timeoutMs = defaultTimeoutMs, signal } = options;
    const target = typeof url === 'string' ? parseRtmpUrl(url, { appSegments }) : url;
    // Before anything is open: it may throw.
    const session = sessionOptions(options);
    const bytes = await platform.openConnection(target, {
      timeoutMs,
      signal,
      tls: options.tls,
      rtmpeVersion: options.rtmpeVersion,
    });
    const connection = new NetConnection(target, bytes, session, options);
    try {
      await connection.#connectAnswer.promise;
      return connection;
    } catch (error) {
      connection.#socket.destroy();
      throw error;
    }
  }

  /** The server's answer to `connect`. */
  get status(): StatusInfo | undefined {
    return this.#status;
  }

  /** The first object of the answer to `connect`: `fmsVer`, capabilities. */
  get properties(): AmfValue {
    return this.#properties;
  }

  /** 3 where it was asked for and the server agreed: values go both ways in AMF3. Else 0. */
  get objectEncoding(): ObjectEncoding {
    return this.#session.objectEncoding;
  }

  /** The session underneath, for what this class has no method for; call `flush` afterwards. */
  get session(): ClientSession {
    return this.#session;
  }

  /** Sends what `session` was told to say. `false`: the network is behind, see `drained`. */
  flush(): boolean {
    return this.#socket.flush();
  }

  /** Resolves when what was sent is with the system. Rejects with `RtmpConnectionError` when the connection is over. */
  drained(): Promise<void> {
    return this.#socket.drained();
  }

  /**
   * A new stream. Throws `RtmpCommandError` when the server refuses, `RtmpRemoteError` `ERR_RTMP_STREAM_ID_IN_USE` when it
   * can carry only one, and as `call` does.
   */
  async createStream(options: CommandOptions = {}): Promise<NetStream> {
    // Nothing is missed: a server has nothing to say on a stream before the first command on it.
    return new NetStream(this.#port, await this.#createStreamId(options));
  }

  /**
   * Attaches to a service on a new message stream; the service is made where there is none of that name (1 … 256
   * characters, no control characters), and may carry a query (`name?key=…`). Throws `RtmpCommandError` when the server
   * refuses, `RtmpUsageError` `ERR_SERVICE_NAME`, and as `createStream` does.
   */
  async serve(serviceName: string, options: ServeOptions = {}): Promise<ServiceStream> {
    return await ServiceStream.open(this.#port, await this.#createStreamId(options), serviceName, options);
  }

  /**
   * Uses a shared object of the application, which is made where there is none of that name. Resolves when its state is
   * there. A connection uses each name once; after a connection was lost, use it again on a new one.
   *
   * Throws `RtmpCommandError` when the server refuses (`SharedObject.NoReadAccess`, `BadPersistence` where the server has
   * one of that name with another persistence), `RtmpConnectionError`, `RtmpRemoteError` `ERR_RTMP_TIMEOUT_COMMAND` or
   * `ERR_SHARED_OBJECT_FULL`, `RtmpUsageError` `ERR_SHARED_OBJECT_IN_USE` or `ERR_RTMP_SHARED_OBJECT_NAME`.
   */
  sharedObject<Slots extends object = Record<string, SharedValue>>(
    name: string,
    options: SharedObjectOptions = {},
  ): Promise<SharedObject<Slots>> {
    return SharedObject.open(this.#createSharedObjectPort(), name, options);
  }

  /**
   * Calls a method of the server's application. Resolves to the first value of its answer.
   * Throws `RtmpCommandError` when the server refuses, `RtmpConnectionError`, or `RtmpRemoteError`
   * `ERR_RTMP_TIMEOUT_COMMAND`.
   */
  call(name: string, args: readonly AmfInput[] = [], options: CommandOptions = {}): Promise<AmfValue> {
    return this.#request(name, (session) => session.call(name, args), options);
  }

  /** Sends what is left and closes, with all streams. Resolves when the socket is closed, after two seconds at most. */
  async close(): Promise<void> {
    for (const sink of [...this.#sinks.values(), ...this.#sharedObjects.values()]) sink.close();
    await this.#socket.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #createStreamId(options: CommandOptions): Promise<number> {
    const id = Number(await this.#request('createStream', (session) => session.createStream(), options));
    // nginx-rtmp and SRS answer 1 every time: two streams would get each other's messages.
    if (this.#sinks.has(id)) {
      throw new RtmpRemoteError('ERR_RTMP_STREAM_ID_IN_USE', `the server gave message stream ${id} a second time`);
    }
    return id;
  }

  async #request(
    command: string,
    send: (session: ClientSession) => number,
    options: CommandOptions,
  ): Promise<AmfValue> {
    if (this.#socket.end) throw this.#socket.end;
    const answer = new PendingAnswer<AmfValue>(command, options);
    let transactionId = 0;
    try {
      transactionId = send(this.#session);
      this.#answers.set(transactionId, answer);
      this.#socket.flush();
      return await answer.promise;
    } finally {
      answer.stopWaiting();
      this.#answers.delete(transactionId);
    }
  }

  #createPort(): StreamPort {
    const socket = this.#socket;
    const maxQueuedBytes = this.#options.maxQueuedBytes ?? defaultMaxQueuedBytes;
    return {
      session: this.#session,
      get end() {
        return socket.end;
      },
      attach: (id, sink) => this.#sinks.set(id, sink),
      detach: (id) => {
        this.#sinks.delete(id);
        this.#setFull(id, false);
      },
      flush: () => socket.flush(),
      drained: () => socket.drained(),
      onQueuedBytes: (id, bytes) => this.#setFull(id, bytes > maxQueuedBytes && this.#sinks.has(id)),
    };
  }

  #createSharedObjectPort(): SharedObjectPort {
    const socket = this.#socket;
    return {
      session: this.#session,
      get end() {
        return socket.end;
      },
      attach: (name, sink) => {
        if (this.#sharedObjects.has(name)) return false;
        this.#sharedObjects.set(name, sink);
        return true;
      },
      detach: (name) => this.#sharedObjects.delete(name),
      flush: () => socket.flush(),
      drained: () => socket.drained(),
    };
  }

  #setFull(id: number, full: boolean): void {
    if (full === this.#fullStreams.has(id)) return;
    if (full) this.#fullStreams.add(id);
    else this.#fullStreams.delete(id);
    this.#socket.setReading(this.#fullStreams.size === 0);
  }

  #receive(event: ClientEvent): void {
    switch (event.type) {
      case 'handshaken':
      case 'closed':
      case 'failed':
        return; // The socket sees to the last two.
      case 'connected':
        this.#status = event.status;
        this.#properties = event.properties;
        this.#connectAnswer.resolve();
        return;
      case 'rejected':
        this.#connectAnswer.reject(new RtmpCommandError('connect', event.status));
        return;
      case 'streamCreated':
        this.#streamCreated(event.transactionId, event.messageStreamId);
        return;
      case 'result':
        this.#answers.get(event.transactionId)?.resolve(event.values[0]);
        return;
      case 'error': {
        const answer = this.#answers.get(event.transactionId);
        if (answer) answer.reject(new RtmpCommandError(answer.command, event.status));
        // The commands of a stream have no transaction: such an error can only be told to the stream.
        else if (event.name === undefined) this.#sinks.get(event.messageStreamId)?.onStatus(event.status);
        return;
      }
      case 'status':
        if (event.messageStreamId === 0) this.#options.onStatus?.(event.status);
        else this.#sinks.get(event.messageStreamId)?.onStatus(event.status);
        return;
      case 'media':
        this.#sinkOf(event.messageStreamId)?.onMessage(event.message, undefined);
        return;
      case 'data':
        this.#sinkOf(event.messageStreamId)?.onMessage(event.message, event.values);
        return;
      case 'userControl':
        if ('messageStreamId' in event.event) this.#sinks.get(event.event.messageStreamId)?.onUserControl(event.event);
        return;
      case 'call':
        this.#takeCall(event.call);
        return;
      case 'sharedObject':
        this.#sharedObjects.get(event.content.name)?.onContent(event.content);
        return;
      default:
        event satisfies never;
    }
  }

  #streamCreated(transactionId: number, messageStreamId: number): void {
    const answer = this.#answers.get(transactionId);
    if (answer) answer.resolve(messageStreamId);
    // Nobody waits any more: the stream would count against the server's limit for nothing.
    else this.#session.deleteStream(messageStreamId);
  }

  /** node-media-server sends media on message stream 0; where one stream plays, that is the one. */
  #sinkOf(messageStreamId: number): StreamSink | undefined {
    if (messageStreamId !== 0) return this.#sinks.get(messageStreamId);
    const playing = [...this.#sinks.values()].filter((sink) => sink.playing);
    return playing.length === 1 ? playing[0] : undefined;
  }

  #takeCall(call: ServerCall): void {
    if (this.#sinks.get(call.messageStreamId)?.onCall(call)) return;
    const bandwidth = readBandwidth(call);
    if (bandwidth !== undefined) this.#options.onBandwidth?.(bandwidth);
    const { onCall } = this.#options;
    if (onCall) void this.#answerCall(call, onCall);
    // Sent with the rest of what these bytes from the server set off.
    else if (isBandwidthCheck(call)) this.#session.respond(call, null);
    else this.#session.rejectCall(call);
  }

  async #answerCall(call: ServerCall, onCall: NonNullable<ConnectOptions['onCall']>): Promise<void> {
    try {
      const answer = await onCall(call);
      this.#session.respond(call, isBandwidthCheck(call) ? (answer ?? null) : answer);
    } catch (error) {
      if (isBandwidthCheck(call)) this.#session.respond(call, null);
      else this.#session.rejectCall(call, error instanceof Error ? error.message : String(error));
    }
    this.#socket.flush();
  }

  #ended(error: RtmpConnectionError): void {
    this.#connectAnswer.reject(error);
    for (const answer of this.#answers.values()) answer.reject(error);
    for (const sink of [...this.#sinks.values(), ...this.#sharedObjects.values()]) sink.onEnd(error);
    this.#onClosed(error);
  }
}
