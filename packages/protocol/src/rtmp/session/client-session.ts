import type { AmfInput } from '../../amf/index.js';
import { RtmpRemoteError, RtmpUsageError } from '../../bytes/index.js';
import { ChunkDecoder } from '../chunk/index.js';
import { ClientHandshake } from '../handshake/index.js';
import type { RawMessage, SharedObjectContentInput } from '../message/index.js';
import { AcknowledgementWindow, defaultWindowAckSize } from './acknowledgement-window.js';
import { chunkStreamOfType } from './client-chunk-streams.js';
import { ClientSessionCalls } from './client-session-calls.js';
import { connectCommandObject } from './client-session-connect.js';
import { ClientSessionDeadlines } from './client-session-deadlines.js';
import type { ClientEvent, ConnectParams, Play2Params, PlayParams, ServerCall } from './client-session-event.js';
import { ClientSessionInbox } from './client-session-inbox.js';
import {
  type ClientSessionLimits,
  type ClientSessionOptions,
  defaultClientSessionLimits,
} from './client-session-options.js';
import { agreedEncoding, type ObjectEncoding } from './object-encoding.js';
import type { PublishType } from './server-event.js';
import { SessionOutput } from './session-output.js';
import { assertSwfIdentity, swfAnswer, swfVerificationVersion } from './swf-verification.js';

/**
 * The client's end of one RTMP connection, without I/O: bytes in by `receive`, events out by `nextEvent`, commands in by
 * methods, bytes out by `takeOutput`. Commands may be given at any time; before the handshake is over they wait.
 *
 * Nothing the server sends makes a method throw: a fault of the server is a `failed` event, after which there are no
 * more. Commands given after the end of the session do nothing.
 */
export class ClientSession {
  readonly #limits: ClientSessionLimits;
  readonly #deadlines: ClientSessionDeadlines;
  readonly #calls: ClientSessionCalls;
  readonly #handshake: ClientHandshake;
  readonly #decoder: ChunkDecoder;
  readonly #output = new SessionOutput();
  readonly #window: AcknowledgementWindow;
  readonly #inbox: ClientSessionInbox;
  readonly #chunkSize: number;
  readonly #windowAckSize: number;
  #events: ClientEvent[] = [];
  #eventsTaken = 0;
  #handshaken = false;
  #connectSent = false;
  #ended = false;

  constructor(options: ClientSessionOptions) {
    this.#limits = { ...defaultClientSessionLimits, ...options.limits };
    this.#chunkSize = options.chunkSize ?? 60_000;
    this.#windowAckSize = options.windowAckSize ?? defaultWindowAckSize;
    this.#window = new AcknowledgementWindow(this.#windowAckSize);
    this.#deadlines = new ClientSessionDeadlines(this.#limits, options.nowMs);
    this.#calls = new ClientSessionCalls(this.#limits.maxPendingCalls);
    this.#inbox = new ClientSessionInbox({
      output: this.#output,
      window: this.#window,
      calls: this.#calls,
      deadlines: this.#deadlines,
      amfLimits: { maxDepth: this.#limits.maxAmfDepth, maxElements: this.#limits.maxAmfElements },
      emit: (event) => {
        this.#events.push(event);
      },
      swfAnswer: (version) => this.#swfAnswer(options, version),
      end: () => this.#end(),
    });
    if (options.swf) assertSwfIdentity(options.swf);
    this.#decoder = new ChunkDecoder(this.#limits);
    this.#handshake = new ClientHandshake({
      crypto: options.crypto,
      nowMs: options.nowMs,
      kind: options.handshake ?? 'simple',
    });
  }

  /** The size of the chunks we send; changes by `setChunkSize` and by `connect`. */
  get chunkSize(): number {
    return this.#output.chunkSize;
  }

  /** 3 where both sides support it, from the server's answer to `connect` on; else 0. With 3, values are sent in AMF3. */
  get objectEncoding(): ObjectEncoding {
    return this.#output.objectEncoding;
  }

  /** The latest Acknowledgement of the server, bytes modulo 2³²; 0 before the first. Many servers never send one. */
  get acknowledgedBytes(): number {
    return this.#inbox.acknowledgedBytes;
  }

  /** `true` from `failed`, `closed` or `close()` on. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Takes bytes from the server. They may be viewed until `nextEvent` has returned `undefined`, so call that before the
   * memory is used again.
   */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (this.#ended) return;
    this.#deadlines.received(nowMs);
    this.#window.received(bytes.length);
    this.#guard(() => {
      if (this.#handshaken) {
        this.#decoder.push(bytes);
        this.#acknowledge();
        return;
      }
      this.#handshake.receive(bytes, nowMs);
      if (!this.#handshake.done) return;
      this.#handshaken = true;
      this.#deadlines.handshaken();
      if (this.#connectSent) this.#deadlines.connectSent();
      this.#events.push({ type: 'handshaken' });
      this.#decoder.push(this.#handshake.takeRemainder());
    });
  }

  /** The next thing the server did; `undefined` until more bytes come. */
  nextEvent(): ClientEvent | undefined {
    for (;;) {
      const event = this.#events[this.#eventsTaken];
      if (event) {
        this.#eventsTaken += 1;
        return event;
      }
      this.#events = [];
      this.#eventsTaken = 0;
      if (this.#ended) return undefined;
      let exhausted = false;
      this.#guard(() => {
        const raw = this.#decoder.next();
        if (raw === undefined) exhausted = true;
        else this.#inbox.take(raw);
      });
      if (exhausted) {
        // What was read may have set a smaller window, which the bytes after it have filled already.
        this.#acknowledge();
        return undefined;
      }
    }
  }

  /** Bytes to send now, in order; `undefined` where there are none. The caller owns them. */
  takeOutput(): Uint8Array | undefined {
    return this.#handshake.takeOutput() ?? (this.#handshaken ? this.#output.take() : undefined);
  }

  /** When `checkDeadline` is to be called, on the clock of `receive`; `undefined`: no deadline runs. */
  nextDeadlineMs(): number | undefined {
    return this.#ended ? undefined : this.#deadlines.next();
  }

  /** Queues a `failed` event (`ERR_RTMP_TIMEOUT_…`) where a deadline has passed. */
  checkDeadline(nowMs: number): void {
    const error = this.#deadlines.passed(nowMs);
    if (error) this.#fail(error);
  }

  /** Answered by `connected` or `rejected`. Once per session: throws `RtmpUsageError` the second time. */
  connect(params: ConnectParams): void {
    if (this.#connectSent) throw new RtmpUsageError('ERR_RTMP_SESSION_STATE', 'connect has been called before');
    this.#connectSent = true;
    if (this.#ended) return;
    if (this.#handshaken) this.#deadlines.connectSent();
    const commandObject = connectCommandObject(params);
    this.#inbox.offered(agreedEncoding(commandObject.objectEncoding));
    // Of type 20: nothing is known of the server yet. [Errata §8.1.1]
    this.#output.command(0, 'connect', this.#calls.beginConnect(), params.args ?? [], commandObject);
    // Behind connect, not before it: the first thing a server sees is then what every server expects.
    this.#output.windowAckSize(this.#windowAckSize);
    this.#output.setChunkSize(this.#chunkSize);
  }

  /** Answered by `streamCreated` or `error` with the transaction id that this returns. */
  createStream(): number {
    return this.#request('createStream', []);
  }

  /** Asks the server to let go of a name that an earlier connection of ours may still hold. */
  releaseStream(streamName: string): number {
    return this.#request('releaseStream', [streamName]);
  }

  fcPublish(streamName: string): number {
    return this.#request('FCPublish', [streamName]);
  }

  fcUnpublish(streamName: string): number {
    return this.#request('FCUnpublish', [streamName]);
  }

  fcSubscribe(streamName: string): number {
    return this.#request('FCSubscribe', [streamName]);
  }

  /** Any other command, on message stream 0. Answered by `result` or `error` with the transaction id returned. */
  call(name: string, args: readonly AmfInput[] = [], commandObject: AmfInput = null): number {
    return this.#request(name, args, commandObject);
  }

  /** A command that is not to be answered. */
  sendCommand(
    messageStreamId: number,
    name: string,
    args: readonly AmfInput[] = [],
    commandObject: AmfInput = null,
  ): void {
    if (!this.#ended) this.#output.call(messageStreamId, name, 0, args, commandObject);
  }

  /** Answered by `status` on the message stream, as are `play`, `pause` and `seek`. [RTMP §7.2.2] */
  publish(messageStreamId: number, streamName: string, publishType: PublishType = 'live'): void {
    this.sendCommand(messageStreamId, 'publish', [streamName, publishType]);
  }

  play(messageStreamId: number, streamName: string, params: PlayParams = {}): void {
    const { startMs = -2, durationMs = -1, reset = true } = params;
    this.sendCommand(messageStreamId, 'play', [streamName, startMs, durationMs, reset]);
  }

  /** Times are sent as seconds, other than those of `play`. [RTMP §7.2.2.2, as Flash Player has it] */
  play2(messageStreamId: number, streamName: string, params: Play2Params = {}): void {
    const { transition = 'reset', oldStreamName = '', startMs = -2, durationMs = -1, offsetMs } = params;
    const [start, len] = [startMs < 0 ? startMs : startMs / 1000, durationMs < 0 ? -1 : durationMs / 1000];
    const options = { streamName, oldStreamName, start, len, offset: offsetMs === undefined ? -1 : offsetMs / 1000 };
    this.sendCommand(messageStreamId, 'play2', [{ ...options, transition }]);
  }

  /** `timeMs`: where the player stands. */
  pause(messageStreamId: number, pause: boolean, timeMs: number): void {
    this.sendCommand(messageStreamId, 'pause', [pause, timeMs]);
  }

  seek(messageStreamId: number, timeMs: number): void {
    this.sendCommand(messageStreamId, 'seek', [timeMs]);
  }

  receiveAudio(messageStreamId: number, receive: boolean): void {
    this.sendCommand(messageStreamId, 'receiveAudio', [receive]);
  }

  receiveVideo(messageStreamId: number, receive: boolean): void {
    this.sendCommand(messageStreamId, 'receiveVideo', [receive]);
  }

  /** Ends publishing or playing; the message stream can be used again. */
  closeStream(messageStreamId: number): void {
    this.sendCommand(messageStreamId, 'closeStream');
  }

  /** Gives the message stream back. Never answered. */
  deleteStream(messageStreamId: number): void {
    this.sendCommand(0, 'deleteStream', [messageStreamId]);
  }

  /** Answers a call of the server. */
  respond(call: ServerCall, result: AmfInput): void {
    this.#answer(call, '_result', result);
  }

  /** Refuses a call of the server, by default as one that does not exist. */
  rejectCall(call: ServerCall, description = `there is no method ${call.name}`): void {
    this.#answer(call, '_error', { level: 'error', code: 'NetConnection.Call.Failed', description });
  }

  #answer(call: ServerCall, name: '_result' | '_error', value: AmfInput): void {
    if (this.#ended || call.transactionId === 0) return;
    this.#output.call(call.messageStreamId, name, call.transactionId, [value]);
  }

  /** How much the server may send ahead of the time it is to be shown. */
  setBufferLength(messageStreamId: number, bufferMs: number): void {
    if (!this.#ended) this.#output.userControl({ type: 'setBufferLength', messageStreamId, bufferMs });
  }

  /** 1 … 2³¹−1. Announced to the server and used from the next message on. */
  setChunkSize(chunkSize: number): void {
    if (!this.#ended) this.#output.setChunkSize(chunkSize);
  }

  /** Sends a message on a message stream of ours; its own `messageStreamId` is not looked at. Copies the payload. */
  sendMessage(messageStreamId: number, message: RawMessage): void {
    if (this.#ended) return;
    this.#output.raw(chunkStreamOfType(message.messageTypeId), { ...message, messageStreamId });
  }

  /** Sends a data message: the name of its handler and its values, such as `'@setDataFrame', 'onMetaData', {…}`. */
  sendData(messageStreamId: number, timestamp: number, values: readonly AmfInput[]): void {
    this.sendMessage(messageStreamId, this.#output.dataMessage(messageStreamId, timestamp, values));
  }

  /**
   * Says something of a shared object: uses and releases it, asks for changes, sends messages. Answered by `sharedObject`.
   * Throws `RtmpUsageError` for values that cannot be sent.
   */
  sendSharedObject(content: SharedObjectContentInput): void {
    if (!this.#ended) this.#output.sharedObject(content);
  }

  /** Ends the session on our side: what is in `takeOutput` may still be sent, nothing more is received. */
  close(): void {
    this.#end();
  }

  #request(name: string, args: readonly AmfInput[], commandObject: AmfInput = null): number {
    const transactionId = this.#calls.begin(name);
    if (this.#ended) this.#calls.clear();
    else this.#output.call(0, name, transactionId, args, commandObject);
    return transactionId;
  }

  /** Later versions are known to nobody. */
  #swfAnswer({ crypto, swf }: ClientSessionOptions, version: number): Uint8Array | undefined {
    if (swf === undefined || version > swfVerificationVersion) return undefined;
    return swfAnswer(crypto, swf, this.#handshake.swfChallenge);
  }

  #acknowledge(): void {
    const sequenceNumber = this.#window.takeAcknowledgement();
    if (sequenceNumber !== undefined) this.#output.acknowledgement(sequenceNumber);
  }

  /** Runs what bytes from the server set off: whatever is wrong with them ends the session, and only it. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      this.#fail(error);
    }
  }

  #fail(error: RtmpRemoteError): void {
    if (this.#ended) return;
    this.#events.push({ type: 'failed', error });
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#calls.clear();
  }
}
