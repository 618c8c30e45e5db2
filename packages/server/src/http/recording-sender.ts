import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../log/index.js';
import type { Door } from './door.js';
import { fileAnswer } from './file-answer.js';
import { mediaHeaders } from './http-flv-viewer.js';
import { answerOtherMethod, inTurn } from './media-methods.js';
import { answer, noRecording, type PlainAnswer } from './plain-answer.js';
import type { FlvWish, RecordingPieces, RecordingSource, SentFile } from './recording-source.js';
import type { RequestTarget } from './request-target.js';
import { sendBody } from './send-body.js';
import type { Visit } from './visit.js';

export interface RecordingSenderOptions {
  readonly recordings: RecordingSource;
  readonly door: Door;
  readonly logger: Logger;
  readonly stallTimeoutMs: number;
}

/** What is sent of recordings now, and was since the start. */
export interface RecordingFigures {
  readonly viewers: number;
  readonly downloads: number;
  readonly bytes: number;
}

type RecordingTarget = Extract<RequestTarget, { kind: 'recording' }>;
type DanmuTarget = Extract<RequestTarget, { kind: 'danmu' }>;

/** A request for a file. */
interface FileWish {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly isDownload: boolean;
}

const pieceBytes = 64 * 1024;
const danmuHeaders = {
  'content-type': 'application/x-ndjson; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

/** Sends recordings over HTTP, as files and as FLV, to those who were let in. */
export class RecordingSender {
  readonly #options: RecordingSenderOptions;
  /** What is being sent, and whether as FLV. */
  readonly #open = new Map<ServerResponse, boolean>();
  #bytes = 0;

  constructor(options: RecordingSenderOptions) {
    this.#options = options;
  }

  get figures(): RecordingFigures {
    const kinds = [...this.#open.values()];
    const viewers = kinds.filter((isFlv) => isFlv).length;
    return { viewers, downloads: kinds.length - viewers, bytes: this.#bytes };
  }

  /** Ends everything at once: what is cut off can be asked for again. */
  close(): void {
    for (const response of this.#open.keys()) response.destroy();
  }

  /** Answers a request for a file. */
  answer(request: IncomingMessage, response: ServerResponse, { path, query, startSeconds }: RecordingTarget): void {
    const { recordings, door } = this.#options;
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      answerOtherMethod(method, response);
      return;
    }
    const refuse = (refusal: PlainAnswer): void => answer(response, refusal);
    const stream = recordings.streamOf(path);
    if (stream === undefined) {
      refuse(noRecording(path));
      return;
    }
    const isFlv = startSeconds !== undefined && path.endsWith('.flv');
    const isDownload = new URLSearchParams(query).has('download');
    const enter = (visit: Visit): void => {
      if (isFlv) void this.sendFlv(response, stream, { startSeconds, audio: true, video: true }, visit);
      else void this.#sendFile({ request, response, path, isDownload }, visit);
    };
    const close = (): void => void response.destroy();
    const target = { ...stream, query };
    inTurn(response, () => door.knock({ request, transport: 'http-recording', target, close, refuse, enter }));
  }

  /** Answers a request for what was said during a recording: for who may have the file. */
  answerDanmu(request: IncomingMessage, response: ServerResponse, target: DanmuTarget): void {
    const { recordings, door } = this.#options;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const message = `${request.method} is not possible here.`;
      answer(response, { status: 405, error: 'method-not-allowed', message, headers: { allow: 'GET, HEAD' } });
      return;
    }
    const refuse = (refusal: PlainAnswer): void => answer(response, refusal);
    const stream = recordings.streamOf(target.path);
    if (stream === undefined) {
      refuse(noRecording(target.path));
      return;
    }
    const enter = (visit: Visit): void => void this.#sendDanmu(response, target, visit);
    const close = (): void => void response.destroy();
    const visited = { ...stream, query: target.query };
    inTurn(response, () => door.knock({ request, transport: 'http-recording', target: visited, close, refuse, enter }));
  }

  /** Answers with the file, or a part of it. Ends the visit. Never rejects. */
  async #sendFile(wish: FileWish, visit: Visit): Promise<void> {
    const { response, path } = wish;
    await this.#send(response, visit, false, async () => {
      const file = await this.#options.recordings.openFile(path);
      if (file === undefined) {
        answer(response, noRecording(path));
        return;
      }
      try {
        await this.#answerFile(wish, file);
      } finally {
        await file.handle.close();
      }
    });
  }

  /** Answers with FLV; HEAD, with whether there is some. Ends the visit. Never rejects. */
  async sendFlv(
    response: ServerResponse,
    stream: { readonly app: string; readonly name: string },
    wish: Pick<FlvWish, 'startSeconds' | 'audio' | 'video'>,
    visit: Visit,
  ): Promise<void> {
    await this.#send(response, visit, true, async () => {
      const flv = await this.#options.recordings.openFlv(stream, { ...wish, isWanted: () => !response.destroyed });
      if (flv === undefined) answer(response, noRecording(`${stream.app}/${stream.name}`));
      else await this.#answerFlv(response, flv);
    });
  }

  /** Answers with JSON lines. Ends the visit. Never rejects. */
  async #sendDanmu(response: ServerResponse, target: DanmuTarget, visit: Visit): Promise<void> {
    await this.#send(response, visit, false, async () => {
      const danmu = await this.#options.recordings.openDanmu(target.path, target);
      if (danmu === undefined) {
        answer(response, noRecording(target.path));
        return;
      }
      try {
        response.writeHead(200, danmuHeaders);
        if (response.req.method === 'HEAD') response.end();
        else await this.#sendPieces(response, danmu.pieces);
      } finally {
        danmu.close();
      }
    });
  }

  async #send(response: ServerResponse, visit: Visit, isFlv: boolean, send: () => Promise<void>): Promise<void> {
    this.#open.set(response, isFlv);
    // Who has gone is no viewer any more, whatever is still being read.
    response.once('close', () => visit.end());
    try {
      await send();
    } catch (err) {
      this.#options.logger.warn({ err }, 'a recording cannot be sent');
      if (response.headersSent) response.destroy();
      else answer(response, { status: 500, error: 'internal', message: 'The recording cannot be read.' });
    } finally {
      this.#open.delete(response);
      visit.end();
    }
  }

  async #answerFile({ request, response, isDownload }: FileWish, file: SentFile): Promise<void> {
    const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
    const { status, headers, start, length } = fileAnswer(file, { method, headers: request.headers, isDownload });
    response.writeHead(status, headers);
    if (method === 'HEAD' || length === 0) response.end();
    else await this.#sendPieces(response, piecesOf(file.handle, start, length));
  }

  async #answerFlv(response: ServerResponse, flv: RecordingPieces): Promise<void> {
    try {
      response.shouldKeepAlive = false;
      response.writeHead(200, mediaHeaders);
      if (response.req.method === 'HEAD') response.end();
      else await this.#sendPieces(response, flv.pieces);
    } finally {
      flv.close();
    }
  }

  async #sendPieces(response: ServerResponse, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const count = (bytes: number): void => {
      this.#bytes += bytes;
    };
    await sendBody(response, counted(pieces, count), this.#options.stallTimeoutMs);
  }
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}

/** A part of a file; the next piece is read while one is being sent. Throws where the file is shorter than it was. */
async function* piecesOf(file: FileHandle, start: number, length: number): AsyncGenerator<Uint8Array, void, undefined> {
  const read = async (offset: number): Promise<Uint8Array> => {
    // A new one each time: the one before may still be on its way.
    const target = Buffer.allocUnsafeSlow(Math.min(pieceBytes, length - offset));
    const { bytesRead } = await file.read(target, 0, target.length, start + offset);
    return target.subarray(0, bytesRead);
  };
  let offset = 0;
  let next = read(0);
  try {
    while (offset < length) {
      const piece = await next;
      if (piece.length === 0) throw new Error('The file was cut short while it was sent.');
      offset += piece.length;
      if (offset < length) next = read(offset);
      // It may fail before anybody waits for it.
      next.catch(() => undefined);
      yield piece;
    }
  } finally {
    // The file is closed after this. What became of the read is of no interest to anybody.
    await next.catch(() => undefined);
  }
}
