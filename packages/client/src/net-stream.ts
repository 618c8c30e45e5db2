import {
  type AmfInput,
  type AmfValue,
  type ClientSession,
  messageTypes,
  type Play2Params,
  type PlayParams,
  type PublishType,
  type RawMessage,
  RtmpUsageError,
  type ServerCall,
  type StatusInfo,
  type UserControlEvent,
} from '@millrace/protocol';
import { RtmpCommandError, type RtmpConnectionError } from './errors.js';
import { EventQueue } from './event-queue.js';
import { type ClockOptions, type Latency, LatencyMeter, type LatencyMethod } from './latency-meter.js';
import { LatencyReport } from './latency-report.js';
import { LatencyStamp } from './latency-stamp.js';
import type { NetStreamEvent } from './net-stream-event.js';
import { type CommandOptions, PendingAnswer } from './pending-answer.js';
import { readPlayStatus } from './play-status.js';

export interface PublishOptions extends CommandOptions, ClockOptions {
  /** Whether to send `releaseStream` and `FCPublish` first, as most encoders do; default `true`. */
  readonly fcPublish?: boolean;
  /**
   * How players are told our clock, so that they can measure the latency; default not at all. Timestamps must go by real
   * time, from the first message on. `baseTime` puts `cu_basetime` into `onMetaData` (makes one where none comes before
   * the media), `currentTime` sends a data message every 15 s, `sei` puts the time into every frame of H.264.
   */
  readonly latency?: readonly LatencyMethod[];
}

export interface PlayOptions extends PlayParams, CommandOptions, ClockOptions {
  /** How much the server may send ahead; default 3000 ms, as players commonly ask for. */
  readonly bufferMs?: number;
  /** Whether `NetStream.latency` is measured; default `false`: every frame has to be looked into. */
  readonly latency?: boolean;
  /**
   * Whether the server is told what is measured, every 5 s, for its operators: default `true`, where `latency` is. Servers
   * that do not know `reportLatency` ignore it.
   */
  readonly reportLatency?: boolean;
}

export interface Play2Options extends Play2Params, CommandOptions {}

/** What a connection delivers to a stream. */
export interface StreamSink {
  readonly playing: boolean;
  onStatus(status: StatusInfo): void;
  /** Whether the command is the stream's own; others are the application's. */
  onCall(call: ServerCall): boolean;
  onMessage(message: RawMessage, values: readonly AmfValue[] | undefined): void;
  onUserControl(event: UserControlEvent): void;
  /** The connection is about to be closed by us. */
  close(): void;
  /** The connection is over. */
  onEnd(error: RtmpConnectionError): void;
}

/** What a stream needs of its connection. */
export interface StreamPort {
  readonly session: ClientSession;
  /** Why there is no connection any more; `undefined` while there is one. */
  readonly end: RtmpConnectionError | undefined;
  attach(id: number, sink: StreamSink): void;
  detach(id: number): void;
  /** Sends what the session has to say. `false`: see `NetStream.drained`. */
  flush(): boolean;
  drained(): Promise<void>;
  /** How many bytes of the stream wait to be read. */
  onQueuedBytes(id: number, bytes: number): void;
}

/**
 * A stream of a connection: publishes or plays one thing at a time.
 *
 * Iterating over it gives what the server sends on it, in order. What is not read waits; past 8 MiB the connection is not
 * read any further, with all its streams, until it is. The iteration ends when the stream is closed, and throws
 * `RtmpConnectionError` when the connection is lost.
 */
export class NetStream implements AsyncIterable<NetStreamEvent, undefined> {
  /** The message stream id, 1 … 2³²−1. */
  readonly id: number;
  readonly #port: StreamPort;
  readonly #events: EventQueue<NetStreamEvent>;
  #pending: { readonly answer: PendingAnswer<StatusInfo>; readonly code: string } | undefined;
  #publishedName: string | undefined;
  #playing = false;
  /** Something plays, as far as we know: what is not to take its place waits for its turn. */
  #hasStarted = false;
  #bufferMs = defaultBufferMs;
  #meter: LatencyMeter | undefined;
  #report: LatencyReport | undefined;
  #stamp: LatencyStamp | undefined;
  #closed = false;

  constructor(port: StreamPort, id: number) {
    this.#port = port;
    this.id = id;
    this.#events = new EventQueue(eventBytes, (bytes) => port.onQueuedBytes(id, bytes));
    port.attach(id, this.#createSink());
  }

  /** `true` from `close`, or from the end of the connection on. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How long what was played last has been on its way, where `play` was told to measure it. */
  get latency(): Latency {
    return this.#meter?.latency ?? {};
  }

  /**
   * Publishes under a name, which may carry a query (`name?key=…`). Resolves when the server has agreed.
   * Throws `RtmpCommandError` when it refuses, `RtmpConnectionError`, or `RtmpRemoteError` `ERR_RTMP_TIMEOUT_COMMAND`.
   */
  async publish(streamName: string, type: PublishType = 'live', options: PublishOptions = {}): Promise<StatusInfo> {
    return await this.#command('publish', 'NetStream.Publish.Start', options, (session) => {
      if (options.fcPublish ?? true) {
        session.releaseStream(streamName);
        session.fcPublish(streamName);
        this.#publishedName = streamName;
      }
      const { latency, clockOffsetMs = 0 } = options;
      this.#stamp = latency?.length ? new LatencyStamp({ latency, clockOffsetMs }) : undefined;
      session.publish(this.id, streamName, type);
    });
  }

  /**
   * Plays a name. Resolves when the server has agreed, or has begun without a word. Throws as `publish` does. With `reset`
   * false and something playing, it is put behind that in the server's play list: resolves at once, for servers do not
   * answer before its turn; `playStatus` tells of that, and `status` of a refusal.
   */
  async play(streamName: string, options: PlayOptions = {}): Promise<StatusInfo> {
    if (options.reset === false && this.#hasStarted) {
      this.#send((session) => session.play(this.id, streamName, options));
      return startedSilently;
    }
    this.#hasStarted = false;
    this.#bufferMs = options.bufferMs ?? defaultBufferMs;
    const status = await this.#command('play', 'NetStream.Play.Start', options, (session) => {
      this.#playing = true;
      this.#meter = options.latency ? new LatencyMeter(options) : undefined;
      this.#report = options.latency && options.reportLatency !== false ? new LatencyReport() : undefined;
      session.setBufferLength(this.id, this.#bufferMs);
      session.play(this.id, streamName, options);
    });
    this.#hasStarted = true;
    return status;
  }

  /**
   * Changes what plays: to another rendition, at a key frame (`switch`, `swap`), or what follows it (`append`). Resolves
   * when the server has agreed, with `append` and `appendAndWait` at once, as `play` does. When a switch has happened,
   * `playStatus` says `NetStream.Play.TransitionComplete`. Throws as `publish` does; then the old one plays on.
   */
  async play2(streamName: string, options: Play2Options = {}): Promise<StatusInfo> {
    const { transition = 'reset' } = options;
    const code = play2Answers[transition];
    if (code === undefined) {
      this.#send((session) => session.play2(this.id, streamName, options));
      this.#playing = true;
      return startedSilently;
    }
    const status = await this.#command('play2', code, options, (session) => {
      this.#playing = true;
      session.play2(this.id, streamName, options);
    });
    this.#hasStarted = transition !== 'stop';
    return status;
  }

  /** How much the server is to send ahead, ms: of recordings, as much as this is sent at once. */
  get bufferMs(): number {
    return this.#bufferMs;
  }

  set bufferMs(bufferMs: number) {
    this.#bufferMs = bufferMs;
    this.#send((session) => session.setBufferLength(this.id, bufferMs));
  }

  /** `timeMs`: where the player stands. The server's answer comes as a status. */
  pause(pause: boolean, timeMs: number): void {
    this.#send((session) => session.pause(this.id, pause, timeMs));
  }

  /** Ends a pause. `timeMs`: where the player stands; of a recording, what comes after it is sent (again). */
  resume(timeMs: number): void {
    this.pause(false, timeMs);
  }

  /** `timeMs`: of the recording. The server's answer comes as a status. */
  seek(timeMs: number): void {
    this.#send((session) => session.seek(this.id, timeMs));
  }

  receiveAudio(receive: boolean): void {
    this.#send((session) => session.receiveAudio(this.id, receive));
  }

  receiveVideo(receive: boolean): void {
    this.#send((session) => session.receiveVideo(this.id, receive));
  }

  /**
   * Sends an FLV audio tag body. The payload is copied. `false`: the network is behind; await `drained()` before sending
   * more, or what is not sent piles up in memory. Throws `RtmpConnectionError` when there is no connection any more.
   */
  sendAudio(timestamp: number, payload: Uint8Array): boolean {
    return this.sendMessage({ messageTypeId: messageTypes.audio, timestamp, payload });
  }

  /** Sends an FLV video tag body; the rest as `sendAudio`. */
  sendVideo(timestamp: number, payload: Uint8Array): boolean {
    return this.sendMessage({ messageTypeId: messageTypes.video, timestamp, payload });
  }

  /**
   * Sends values, such as `['@setDataFrame', 'onMetaData', {…}]`, or a ready AMF0 body, which goes as such whatever the
   * connection's object encoding is; the rest as `sendAudio`.
   */
  sendData(timestamp: number, data: readonly AmfInput[] | Uint8Array): boolean {
    if (data instanceof Uint8Array) {
      return this.sendMessage({ messageTypeId: messageTypes.dataAmf0, timestamp, payload: data });
    }
    const values = this.#stamp?.values(timestamp, data) ?? data;
    return this.#send((session) => session.sendData(this.id, timestamp, values));
  }

  /** Sends any message on this stream; the rest as `sendAudio`. */
  sendMessage(message: Omit<RawMessage, 'messageStreamId'>): boolean {
    const messages = this.#stamp?.messages(message) ?? [message];
    return this.#send((session) => {
      for (const each of messages) session.sendMessage(this.id, { ...each, messageStreamId: this.id });
    });
  }

  /** Resolves when what was sent is with the system. Rejects with `RtmpConnectionError` when the connection is over. */
  drained(): Promise<void> {
    return this.#port.drained();
  }

  /** Stops publishing or playing and gives the stream back. The connection stays. */
  close(): void {
    if (this.#closed) return;
    if (!this.#port.end) {
      const { session } = this.#port;
      if (this.#publishedName !== undefined) session.fcUnpublish(this.#publishedName);
      session.deleteStream(this.id);
      this.#port.flush();
      this.#port.detach(this.id);
    }
    this.#closed = true;
    this.#pending?.answer.reject(new RtmpUsageError('ERR_RTMP_STREAM_CLOSED', 'the stream was closed'));
    this.#events.finish();
  }

  [Symbol.asyncIterator](): AsyncIterator<NetStreamEvent, undefined> {
    return this.#events;
  }

  #createSink(): StreamSink {
    const stream = this;
    return {
      get playing() {
        return stream.#playing;
      },
      onStatus: (status) => {
        this.#events.push({ type: 'status', status });
        if (status.level === 'error') this.#refuse(status);
        else if (status.code === this.#pending?.code) this.#pending.answer.resolve(status);
      },
      onCall: () => false,
      onMessage: (message, values) => {
        const event = toEvent(message, values);
        this.#measure(event);
        this.#events.push(event);
        const playStatus = event.type === 'data' ? readPlayStatus(values) : undefined;
        if (playStatus !== undefined) this.#events.push({ type: 'playStatus', status: playStatus });
        if (event.type !== 'data' && this.#pending?.answer.command === 'play') {
          this.#pending.answer.resolve(startedSilently);
        }
      },
      onUserControl: (event) => this.#events.push({ type: 'userControl', event }),
      close: () => this.close(),
      onEnd: (error) => {
        this.#pending?.answer.reject(error);
        this.#closed = true;
        this.#events.finish(error.code === 'ERR_RTMP_CONNECTION_CLOSED' ? undefined : error);
      },
    };
  }

  #measure(event: NetStreamEvent): void {
    if (this.#meter === undefined) return;
    this.#meter.take(event);
    const latencyMs = this.#report?.due(this.#meter.latency, performance.now());
    // The connection sends what was said in answer to what it has received.
    if (latencyMs !== undefined) this.#port.session.sendCommand(this.id, 'reportLatency', [latencyMs]);
  }

  #refuse(status: StatusInfo): void {
    if (this.#pending) this.#pending.answer.reject(new RtmpCommandError(this.#pending.answer.command, status));
  }

  async #command(
    command: string,
    code: string,
    options: CommandOptions,
    send: (session: ClientSession) => void,
  ): Promise<StatusInfo> {
    const { session } = this.#open();
    if (this.#pending) {
      const waiting = this.#pending.answer.command;
      throw new RtmpUsageError('ERR_RTMP_STREAM_BUSY', `${command} while ${waiting} waits for its answer`);
    }
    const answer = new PendingAnswer<StatusInfo>(command, options);
    this.#pending = { answer, code };
    try {
      send(session);
      this.#port.flush();
      return await answer.promise;
    } finally {
      answer.stopWaiting();
      this.#pending = undefined;
    }
  }

  /** The port, if there is still something behind it. */
  #open(): StreamPort {
    if (this.#port.end) throw this.#port.end;
    if (this.#closed) throw new RtmpUsageError('ERR_RTMP_STREAM_CLOSED', 'the stream has been closed');
    return this.#port;
  }

  #send(send: (session: ClientSession) => void): boolean {
    send(this.#open().session);
    return this.#port.flush();
  }
}

const defaultBufferMs = 3000;

/** What a server agrees to `play2` with; `undefined`: with nothing. */
const play2Answers = {
  append: undefined,
  appendAndWait: undefined,
  reset: 'NetStream.Play.Start',
  resume: 'NetStream.Play.Start',
  swap: 'NetStream.Play.Transition',
  switch: 'NetStream.Play.Transition',
  stop: 'NetStream.Play.Stop',
} as const;

/** Stands for the status of a server that plays without announcing it. */
const startedSilently: StatusInfo = { level: '', code: '', description: '', info: undefined };

function toEvent(message: RawMessage, values: readonly AmfValue[] | undefined): NetStreamEvent {
  const { messageTypeId, timestamp, payload } = message;
  switch (messageTypeId) {
    case messageTypes.audio:
      return { type: 'audio', timestamp, payload };
    case messageTypes.video:
      return { type: 'video', timestamp, payload };
    default:
      return { type: 'data', timestamp, payload, values };
  }
}

/** What a waiting event weighs, with an allowance for the event itself. */
function eventBytes(event: NetStreamEvent): number {
  return 'payload' in event ? event.payload.length + 64 : 64;
}
