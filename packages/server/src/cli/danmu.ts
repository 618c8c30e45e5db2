import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  NetConnection,
  parseRtmpUrl,
  RtmpCommandError,
  RtmpConnectionError,
  type ServiceStream,
  type ServiceStreamEvent,
} from '@millrace/client';
import { RtmpRemoteError, RtmpUsageError } from '@millrace/protocol';
import { danmuLine, type LineStyle, shown } from './danmu-line.js';
import { parseDuration } from './signed-urls.js';
import { StartError } from './start-error.js';

export interface DanmuOptions {
  readonly user: string;
  readonly json: boolean;
  /** A duration: `2s`. */
  readonly wait: string;
}

/** A terminal, or what stands in for one. */
export interface DanmuTerminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly complain: (line: string) => void;
  readonly colors: boolean;
  /** Aborted when the person has seen enough. */
  readonly signal: AbortSignal;
}

/** A server takes 20 messages a second from one member: a file is not sent faster. */
const pauseMs = 60;

/** `millrace danmu`: shows a room and sends the lines of stdin. Ends the process with 1 and one line when it cannot. */
export async function danmu(url: string, options: DanmuOptions): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  // A reader that has seen enough (`millrace danmu … | head`).
  process.stdout.once('error', stop);
  try {
    await visitRoom(url, options, {
      input: process.stdin,
      output: process.stdout,
      complain: (line) => void process.stderr.write(`${line}\n`),
      colors: process.stdout.isTTY && process.env.NO_COLOR === undefined,
      signal: stopping.signal,
    });
  } catch (error) {
    const explanation = explain(error);
    if (explanation === undefined) throw error;
    process.stderr.write(`${explanation}\n`);
    process.exitCode = 1;
  }
  // The terminal's input would keep the process.
  process.exit();
}

/**
 * Resolves when the input has ended and `wait` has passed, or `signal` is aborted.
 * @throws StartError and what the client throws, for the person who typed it.
 */
export async function visitRoom(url: string, options: DanmuOptions, terminal: DanmuTerminal): Promise<void> {
  const target = parseRtmpUrl(url);
  if (target.streamName === undefined)
    throw new StartError(`${url} names no room: give the URL of a stream, such as rtmp://HOST/live/test`);
  const seconds = options.wait === '0' ? 0 : parseDuration(options.wait);
  if (seconds === undefined)
    throw new StartError(`--wait ${JSON.stringify(options.wait)}; allowed: a time such as 0, 2s, 15m, 2h`);
  const { signal } = terminal;
  const connection = await orUndefined(NetConnection.connect(target, { signal }), signal);
  if (connection === undefined) return;
  try {
    const sender = { userId: options.user };
    const room = await orUndefined(connection.serve(target.streamName, { sender, signal }), signal);
    if (room !== undefined) await talk(room, options, seconds * 1000, terminal);
  } finally {
    await connection.close();
  }
}

/** `undefined` instead of the error where it is the abort that we asked for. */
async function orUndefined<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function talk(room: ServiceStream, options: DanmuOptions, waitMs: number, terminal: DanmuTerminal) {
  const { input, output, complain, signal } = terminal;
  // Two screens of one program: what comes must not run into what is being typed.
  const isTyped = input.isTTY === true && output.isTTY === true && !options.json;
  const lines = createInterface({ input, ...(isTyped && { output, prompt: '> ' }), terminal: isTyped });
  const done = new AbortController();
  const stop = (): void => done.abort();
  lines.once('SIGINT', stop);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  done.signal.addEventListener('abort', () => room.close(), { once: true });
  const show = (line: string): void => {
    output.write(isTyped ? `\r\u001b[K${line}\n` : `${line}\n`);
    if (isTyped) lines.prompt(true);
  };
  if (isTyped) lines.prompt();
  const sending = send(lines, room, { isTyped, complain, signal: done.signal })
    .then(() => delay(waitMs, undefined, { signal: done.signal }))
    .catch((error: unknown) => {
      if (!done.signal.aborted) throw error;
    })
    .then(stop);
  try {
    const style = { json: options.json, colors: terminal.colors };
    await Promise.race([sending, receive(room, style, show, complain)]);
    if (!done.signal.aborted) throw new StartError('the server closed the connection');
  } finally {
    stop();
    lines.close();
    // What comes next in the terminal is not to stand behind the prompt.
    if (isTyped) output.write('\n');
    await sending.catch(() => undefined);
  }
}

async function receive(
  room: ServiceStream,
  style: LineStyle,
  show: (line: string) => void,
  complain: (line: string) => void,
): Promise<void> {
  for await (const event of room) takeEvent(event, style, show, complain);
}

function takeEvent(
  event: ServiceStreamEvent,
  style: LineStyle,
  show: (line: string) => void,
  complain: (line: string) => void,
): void {
  switch (event.type) {
    case 'danmu':
      show(danmuLine(event.danmu, event.message.header, style));
      return;
    case 'status':
      complain(shown(`${event.status.code}: ${event.status.description}`));
      return;
    case 'invalid':
      complain(shown(`the server sent a message that is none: ${event.error.message}`));
      return;
    case 'message':
      return; // Other services share the room.
    default:
      event satisfies never;
  }
}

async function send(
  lines: Interface,
  room: ServiceStream,
  { isTyped, complain, signal }: { isTyped: boolean; complain: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  for await (const line of lines) {
    if (isTyped) lines.prompt();
    const text = line.trim();
    if (text === '') continue;
    try {
      room.danmu(text);
    } catch (error) {
      if (!(error instanceof RtmpUsageError) || signal.aborted) throw error;
      complain(`not sent: ${error.message}`);
    }
    await room.drained();
    await delay(pauseMs, undefined, { signal });
  }
}

/** One line, or `undefined` when the error is a bug of ours. */
function explain(error: unknown): string | undefined {
  if (error instanceof StartError) return error.message;
  const isOurs =
    error instanceof RtmpCommandError ||
    error instanceof RtmpConnectionError ||
    error instanceof RtmpRemoteError ||
    error instanceof RtmpUsageError;
  return isOurs ? shown(error.message) : undefined;
}
