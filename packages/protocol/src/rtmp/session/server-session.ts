import type { AmfInput } from '../../amf/index.js';
import { RtmpRemoteError } from '../../bytes/index.js';
import { ServerHandshake } from '../handshake/index.js';
import type { RawMessage, SharedObjectContentInput, UserControlEvent } from '../message/index.js';
import { AcknowledgementWindow } from './acknowledgement-window.js';
import { ConnectionProgress } from './connection-progress.js';
import { MessageStreams } from './message-streams.js';
import type { ObjectEncoding } from './object-encoding.js';
import type { CompletedPlay } from './recorded-answers.js';
import { type AnswerSettings, answerConnect, answerSettings, refuseConnect } from './server-answers.js';
import { ServerBandwidth } from './server-bandwidth.js';
import { methodNotFound, ServerCalls } from './server-calls.js';
import { createServerContext, formatClientId, type ServerContext } from './server-context.js';
import type {
  CallRequest,
  ConnectAnswer,
  ConnectInfo,
  ConnectRequest,
  PlayAnswer,
  PlayedKind,
  PlayRequest,
  PublishRequest,
  Rejection,
  SeekRequest,
  ServeGrant,
  ServeRequest,
  ServerEvent,
  StreamAnswer,
} from './server-event.js';
import { ServerInbox } from './server-inbox.js';
import { ServerPlaying } from './server-playing.js';
import { ServerRequests, type SessionRequest } from './server-requests.js';
import type { ServerSessionOptions } from './server-session-options.js';
import { ServerSwf } from './server-swf.js';
import { SessionInput } from './session-input.js';
import { amfLimits, defaultSessionLimits, type SessionLimits } from './session-limits.js';
import { SessionOutput } from './session-output.js';
import { earliest, SessionTimers } from './session-timers.js';

/**
 * The server's end of one RTMP connection, without I/O: bytes in by `receive`, events out by `nextEvent`, decisions in by
 * `accept`, `reject` and their like, bytes out by `takeOutput`. After every call there may be output to send.
 *
 * Nothing the client sends makes a method throw: a fault of the client is a `failed` event, after which there are no
 * more. What is said to a session that has ended is dropped. Methods throw `RtmpUsageError` where a request is answered
 * twice.
 */
export class ServerSession {
  readonly #settings: AnswerSettings;
  readonly #limits: SessionLimits;
  /** Let go once it is over: it holds the packets of both sides. */
  #handshake: ServerHandshake | undefined;
  readonly #swf: ServerSwf | undefined;
  readonly #input: SessionInput;
  readonly #progress = new ConnectionProgress(() => this.#input.clear());
  readonly #output = new SessionOutput();
  readonly #streams: MessageStreams;
  readonly #timers: SessionTimers;
  readonly #window: AcknowledgementWindow;
  readonly #inbox: ServerInbox;
  readonly #calls: ServerCalls;
  readonly #bandwidth: ServerBandwidth;
  readonly #context: ServerContext;
  readonly #playing: ServerPlaying;
  readonly #requests: ServerRequests;
  #nowMs: number;
  #peer: ConnectInfo | undefined;

  constructor(options: ServerSessionOptions) {
    const { crypto, nowMs, limits } = options;
    this.#settings = answerSettings(options);
    this.#limits = { ...defaultSessionLimits, ...limits };
    this.#handshake = new ServerHandshake({ crypto, nowMs });
    this.#input = new SessionInput(this.#limits, this.#limits.maxQueuedBytes);
    this.#streams = new MessageStreams(this.#limits.maxMessageStreams);
    this.#timers = new SessionTimers(this.#limits, nowMs);
    this.#calls = new ServerCalls(this.#output, this.#limits);
    this.#bandwidth = new ServerBandwidth({
      output: this.#output,
      calls: this.#calls,
      maxQueuedBytes: this.#limits.maxQueuedBytes,
      now: () => this.#nowMs,
    });
    this.#window = new AcknowledgementWindow(this.#settings.windowAckSize);
    this.#context = createServerContext({
      output: this.#output,
      streams: this.#streams,
      bandwidth: this.#bandwidth,
      calls: this.#calls,
      progress: this.#progress,
      clientId: formatClientId(crypto.randomBytes(8)),
    });
    this.#nowMs = nowMs;
    this.#inbox = new ServerInbox({
      context: this.#context,
      window: this.#window,
      amfLimits: amfLimits(this.#limits),
      maxStrayMessages: this.#limits.maxStrayMessages,
      serviceMessageName: options.serviceMessageName,
      onConnect: (request) => {
        this.#progress.step('connect');
        this.#requests.connect(request);
        this.#progress.emit({ type: 'connect', request });
      },
      onSwfAnswer: (data) => this.#swf?.take(data),
    });
    this.#swf = options.swf && new ServerSwf(options.swf, { crypto, output: this.#output, input: this.#input });
    this.#playing = new ServerPlaying(this.#context, this.#settings);
    this.#requests = new ServerRequests({ context: this.#context, playing: this.#playing, inbox: this.#inbox });
  }

  /** The size of the chunks we send: 128, from the answer to `connect` on that of the options. */
  get chunkSize(): number {
    return this.#output.chunkSize;
  }

  /** What the client said in `connect`; `undefined` until that was accepted. */
  get peer(): ConnectInfo | undefined {
    return this.#peer;
  }

  /** 3 where the client said so in `connect`, from the answer on; else 0. With 3, values are sent in AMF3. */
  get objectEncoding(): ObjectEncoding {
    return this.#output.objectEncoding;
  }

  /** `true` while nothing is read because a request is not answered: a good time not to read the socket. */
  get paused(): boolean {
    return this.#progress.state === 'deciding' || this.#input.holding;
  }

  /** `true` from `failed`, `closed` or `close()` on. */
  get ended(): boolean {
    return this.#progress.ended;
  }

  /** The latest Acknowledgement of the client, bytes modulo 2³²; 0 before the first. Many clients never send one. */
  get acknowledgedBytes(): number {
    return this.#inbox.acknowledgedBytes;
  }

  /**
   * Takes bytes from the client. Views of them are kept until `nextEvent` has returned `undefined` with `paused` false:
   * do not write to them before.
   */
  receive(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.ended || bytes.length === 0) return;
    this.#timers.received(nowMs);
    this.#window.received(bytes.length);
    this.#progress.guard(() => {
      if (this.#progress.state === 'handshaking') this.#receiveHandshake(bytes);
      else if (this.paused) this.#input.keep(bytes);
      else this.#input.push(bytes);
    });
    if (this.ended) return;
    this.#acknowledge();
    this.#checkOutput();
  }

  /** What happens next; `undefined` until more bytes come or a request is answered. */
  nextEvent(): ServerEvent | undefined {
    for (;;) {
      const event = this.#progress.takeEvent();
      if (event !== undefined) return event;
      if (this.#progress.state !== 'handshaken' && this.#progress.state !== 'connected') return undefined;
      let more = true;
      this.#progress.guard(() => {
        more = this.#readMessage();
      });
      if (!more) {
        // What was read may have set a smaller window, which the bytes after it have filled already.
        this.#acknowledge();
        return undefined;
      }
      this.#checkOutput();
    }
  }

  /** Bytes to send now, in order; `undefined`: none. The caller owns them. */
  takeOutput(): Uint8Array | undefined {
    return this.#output.take();
  }

  /** When `checkDeadline` is to be called, on the clock of `receive`; `undefined`: nothing will be due. */
  nextDeadlineMs(): number | undefined {
    if (this.ended) return undefined;
    return earliest(this.#timers.next(this.#progress.state)?.atMs, this.#bandwidth.deadlineMs, this.#swf?.deadlineMs);
  }

  /**
   * Pings a silent client, and ends what takes too long: the session with a `failed` event `ERR_RTMP_TIMEOUT_…`, a check
   * of the bandwidth with what it has found out.
   */
  checkDeadline(nowMs: number): void {
    this.#nowMs = nowMs;
    for (;;) {
      const due = this.#timers.take(this.#progress.state, nowMs);
      if (due === undefined) break;
      if (due === 'ping') this.#output.userControl({ type: 'pingRequest', timestamp: nowMs >>> 0 });
      else this.#progress.fail(due);
    }
    this.#progress.guard(() => this.#swf?.checkDeadline(nowMs));
    if (!this.ended) this.#bandwidth.checkDeadline(nowMs);
  }

  /**
   * Grants a request. `false`: it is of no interest any more, because the stream was closed or the session has ended
   * in the meantime.
   *
   * @throws RtmpUsageError `ERR_RTMP_SESSION_ANSWERED` when it was answered before.
   */
  accept(request: ConnectRequest, answer?: ConnectAnswer): boolean;
  accept(request: PublishRequest | PlayRequest, answer?: StreamAnswer): boolean;
  accept(request: PlayRequest, answer?: PlayAnswer): boolean;
  accept(request: SeekRequest): boolean;
  accept(request: ServeRequest, answer: ServeGrant): boolean;
  accept(request: SessionRequest, answer: ConnectAnswer & PlayAnswer & Partial<ServeGrant> = {}): boolean {
    if (!this.#requests.take(request)) return false;
    if (request.kind === 'connect') this.#acceptConnect(request, answer);
    else this.#requests.accept(request, answer);
    return true;
  }

  /**
   * Refuses a request: `connect` with `_error`, after which the session has ended, others with a status of level `error`
   * on their stream, which may be tried again; `seek` with both. The result is that of `accept`.
   *
   * @throws RtmpUsageError `ERR_RTMP_SESSION_ANSWERED` when it was answered before.
   */
  reject(request: SessionRequest, rejection: Rejection): boolean {
    if (!this.#requests.take(request)) return false;
    if (request.kind === 'connect') {
      refuseConnect(this.#context, request, rejection);
      this.#progress.end();
      this.#progress.emit({ type: 'closed' });
    } else {
      this.#requests.reject(request, rejection);
    }
    return true;
  }

  /**
   * Answers a call with `_result`. Nothing is sent where the client wants no answer.
   *
   * @throws RtmpUsageError for a value that AMF cannot carry; the call still waits for its answer then. Where
   * `objectEncoding` is 0, `ERR_AMF0_NOT_ENCODABLE` for those that only AMF3 has (bytes, vectors, dictionaries), unless
   * they are in an `Amf3Value`, which not every such client reads. So do `call`, `sendCommand` and `sendData`.
   */
  respond(request: CallRequest, ...result: readonly AmfInput[]): void {
    if (!this.ended) this.#calls.respond(request, result);
  }

  /** Answers a call with `_error`. Nothing is sent where the client wants no answer. */
  rejectCall(request: CallRequest, description = methodNotFound(request), code = 'NetConnection.Call.Failed'): void {
    if (!this.ended) this.#calls.refuse(request, code, description);
  }

  /** Tells a stream that plays, or waits, that its publisher is there. Does nothing for other streams. */
  publishNotify(messageStreamId: number): void {
    this.#playing.published(messageStreamId);
  }

  /** Tells a stream that plays that its publisher has gone. It goes on to wait. Does nothing for other streams. */
  unpublishNotify(messageStreamId: number): void {
    this.#playing.unpublished(messageStreamId);
  }

  /** Ends playing from the server's side; there is no `stopped` event. Does nothing for other streams. */
  playStop(messageStreamId: number): void {
    this.#playing.stop(messageStreamId);
  }

  /**
   * Tells a stream that all of the recording was sent. It goes on to play, for there may be a seek back. Does nothing
   * for other streams.
   */
  playComplete(messageStreamId: number, completed: CompletedPlay): void {
    this.#playing.complete(messageStreamId, completed);
  }

  /** What was accepted while something else played begins. Does nothing for streams that do not play. */
  playNext(request: PlayRequest, kind: PlayedKind = {}): void {
    this.#playing.next(request, kind);
  }

  /** An `onStatus` with the level of the code. `extra` is merged into the information object. */
  sendStatus(
    messageStreamId: number,
    code: string,
    description: string,
    extra?: Readonly<Record<string, AmfInput>>,
  ): void {
    if (!this.ended) this.#output.status(messageStreamId, code, description, extra);
  }

  sendUserControl(event: UserControlEvent): void {
    if (!this.ended) this.#output.userControl(event);
  }

  /**
   * Calls a method of the client. Returns the transaction id by which the `answer` event tells the answer; 0 where the
   * session has ended and nothing is sent.
   *
   * @throws RtmpUsageError for a value that AMF cannot carry, and `ERR_RTMP_PENDING_CALLS` where too many calls wait.
   */
  call(name: string, args: readonly AmfInput[]): number {
    return this.ended ? 0 : this.#calls.call(name, args);
  }

  /** Nobody waits for the answer to this call any more. */
  forgetCall(transactionId: number): void {
    this.#calls.take(transactionId);
  }

  /** A command to the client. `transactionId` 0: no answer is wanted; with another, the answer is dropped: see `call`. */
  sendCommand(
    name: string,
    transactionId: number,
    args: readonly AmfInput[],
    messageStreamId = 0,
    commandObject: AmfInput = null,
  ): void {
    if (!this.ended) this.#output.call(messageStreamId, name, transactionId, args, commandObject);
  }

  /** A data message, on a chunk stream that media which goes past the session does not use. */
  sendData(messageStreamId: number, timestamp: number, values: readonly AmfInput[]): void {
    if (!this.ended) this.#output.data(messageStreamId, timestamp, values);
  }

  /** Says something of a shared object, on the connection's own chunk stream. @throws RtmpUsageError as `respond`. */
  sendSharedObject(content: SharedObjectContentInput): void {
    if (!this.ended) this.#output.sharedObject(content);
  }

  /** Any message. Media that goes past the session must not share its chunk stream. */
  sendMessage(chunkStreamId: number, message: RawMessage): void {
    if (!this.ended) this.#output.raw(chunkStreamId, message);
  }

  /** Ends the session: no more events, nothing more is read. Output already there can still be taken. */
  close(): void {
    this.#progress.forgetEvents();
    this.#progress.end();
  }

  #receiveHandshake(bytes: Uint8Array): void {
    const handshake = this.#handshake;
    if (handshake === undefined) return;
    handshake.receive(bytes, this.#nowMs);
    const output = handshake.takeOutput();
    if (output !== undefined) this.#output.bytes(output);
    if (!handshake.done) return;
    this.#progress.step('handshake');
    this.#timers.entered(this.#nowMs);
    this.#swf?.handshaken(handshake.swfChallenge);
    this.#handshake = undefined;
    this.#input.push(handshake.takeRemainder());
  }

  /** `false`: there is nothing to read, or nothing may be read now. */
  #readMessage(): boolean {
    const message = this.#input.next();
    if (message === undefined) return false;
    if (this.#inbox.mustWait(message)) {
      this.#input.putBack(message);
      return false;
    }
    if (this.#swf?.holdsBack(message)) this.#input.setAside(message);
    else this.#inbox.take(message, this.#progress.state === 'connected');
    return true;
  }

  #acceptConnect(request: ConnectRequest, answer: ConnectAnswer): void {
    this.#progress.step('accept');
    this.#peer = request;
    this.#timers.received(this.#nowMs);
    this.#inbox.handOn(answer.ownCommands ?? []);
    answerConnect(this.#context, request, this.#settings, answer);
    this.#swf?.ask(this.#nowMs);
  }

  /** At most one for all that came at once, however small the client's window is. */
  #acknowledge(): void {
    const sequenceNumber = this.#window.takeAcknowledgement();
    if (sequenceNumber !== undefined) this.#output.acknowledgement(sequenceNumber);
  }

  #checkOutput(): void {
    if (!this.ended && this.#output.length > this.#limits.maxQueuedBytes) {
      this.#progress.fail(new RtmpRemoteError('ERR_RTMP_OUTPUT_LIMIT', 'more answers wait than the client has taken'));
    }
  }
}
