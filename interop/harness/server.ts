import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerInfo, StreamInfo } from 'millrace/api';
import { eventually } from './deadline.js';
import { Program } from './program.js';

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** MILLRACE_COMMAND runs the tests on another millrace, such as an installed one. */
export const millraceCommand = process.env.MILLRACE_COMMAND ?? join(repository, 'packages/server/bin/millrace.js');

export interface LogEntry {
  readonly msg: string;
  readonly [key: string]: unknown;
}

export interface ServerOptions {
  /** `key=value` settings beside the free ports and the temporary folders. */
  readonly settings?: readonly string[];
  /** Further arguments of `millrace serve`. */
  readonly args?: readonly string[];
  /** Adds to this process's environment. */
  readonly env?: Record<string, string>;
}

/** A built millrace in a process of its own, on free loopback ports and temporary folders. */
export class TestServer {
  readonly program: Program;
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** Where RTMPS alone is served; 0: nowhere. */
  readonly rtmpsPort: number;
  /** Where HTTPS and wss are served; 0: nowhere. */
  readonly httpsPort: number;

  private constructor(program: Program, ready: LogEntry) {
    this.program = program;
    this.rtmpPort = portOf(ready, 'rtmpPort');
    this.httpPort = portOf(ready, 'httpPort');
    this.rtmpsPort = ready.rtmps === undefined ? 0 : portOf(ready.rtmps as LogEntry, 'port');
    this.httpsPort = ready.https === undefined ? 0 : portOf(ready.https as LogEntry, 'port');
  }

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    if (!process.env.MILLRACE_COMMAND && !existsSync(join(repository, 'packages/server/dist/cli/main.js')))
      throw new Error('millrace is not built: run "npm run build" (or "npm test", which does)');
    const folder = mkdtempSync(join(tmpdir(), 'millrace-interop-'));
    const settings = [
      'rtmp.listen=127.0.0.1:0',
      'http.listen=127.0.0.1:0',
      `media.dir=${join(folder, 'media')}`,
      `state.dir=${join(folder, 'state')}`,
      ...(options.settings ?? []),
    ].flatMap((setting) => ['--set', setting]);
    const { args = [], env = {} } = options;
    const program = Program.start(process.execPath, [millraceCommand, 'serve', '--log', 'json', ...settings, ...args], {
      env,
    });
    void program.exited.then(() => rmSync(folder, { recursive: true, force: true }));
    const ready = await program.waitFor('line "ready"', () =>
      logEntries(program).find((entry) => entry.msg === 'ready'),
    );
    return new TestServer(program, ready);
  }

  get log(): LogEntry[] {
    return logEntries(this.program);
  }

  rtmpUrl(name: string, app = 'live'): string {
    return `rtmp://127.0.0.1:${this.rtmpPort}/${app}/${name}`;
  }

  /** Over TLS, on the port of RTMP. */
  rtmpsUrl(name: string, app = 'live'): string {
    return `rtmps://127.0.0.1:${this.rtmpPort}/${app}/${name}`;
  }

  rtmpeUrl(name: string, app = 'live'): string {
    return `rtmpe://127.0.0.1:${this.rtmpPort}/${app}/${name}`;
  }

  httpUrl(path: string): string {
    return `http://127.0.0.1:${this.httpPort}${path}`;
  }

  wsUrl(path: string): string {
    return `ws://127.0.0.1:${this.httpPort}${path}`;
  }

  async streams(): Promise<readonly StreamInfo[]> {
    const response = await fetch(this.httpUrl('/api/v1/streams'));
    const body = (await response.json()) as { streams: readonly StreamInfo[] };
    return body.streams;
  }

  async info(): Promise<ServerInfo> {
    const response = await fetch(this.httpUrl('/api/v1/server'));
    return (await response.json()) as ServerInfo;
  }

  async stream(name: string): Promise<StreamInfo | undefined> {
    return (await this.streams()).find((stream) => stream.name === name);
  }

  /** Waits until the API lists the stream and, if given, it looks as wanted. */
  async published(name: string, wanted: (stream: StreamInfo) => boolean = () => true): Promise<StreamInfo> {
    return eventually(`stream ${name} is published`, async () => {
      const stream = await this.stream(name);
      return stream && wanted(stream) && stream;
    });
  }

  async gone(name: string): Promise<void> {
    await eventually(`stream ${name} is gone`, async () => (await this.stream(name)) === undefined);
  }

  /** Waits until the server has this many connections, for peers that connect before anything is published. */
  async connected(count: number): Promise<void> {
    await eventually(`${count} connections`, async () => (await this.info()).connections >= count);
  }

  async stop(): Promise<void> {
    await this.program.end();
  }
}

function portOf(ready: LogEntry, key: string): number {
  const port = ready[key];
  if (typeof port !== 'number') throw new Error(`the line "ready" carries no ${key}: ${JSON.stringify(ready)}`);
  return port;
}

function logEntries(program: Program): LogEntry[] {
  return program.stdout.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line) as LogEntry];
    } catch {
      // The last line may still be growing.
      return [];
    }
  });
}
