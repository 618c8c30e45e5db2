import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../../src/app/index.js';
import { loadConfig } from '../../src/config/index.js';
import { createLogger } from '../../src/log/index.js';
import { type RunningServer, startServer } from '../../src/server.js';
import { WireClient } from './wire-client.js';

export interface TestServer {
  /** Where RTMP is, on 127.0.0.1. */
  readonly port: number;
  readonly httpPort: number;
  readonly running: RunningServer;
  /** A TCP connection with nothing sent. `close` ends it if the test did not. */
  open(): Promise<WireClient>;
  /** A client after its handshake. */
  handshaken(): Promise<WireClient>;
  /** A client after handshake and `connect`. */
  connected(app?: string): Promise<WireClient>;
  /** Ends all clients, then the server. */
  close(): Promise<void>;
}

/** A whole server on free ports of 127.0.0.1. `settings`: as `--set`, such as `limits.connections=10`. */
export async function startTestServer(settings: readonly string[] = [], app?: App): Promise<TestServer> {
  // Recordings of one test must not be what the next one plays.
  const folder = mkdtempSync(join(tmpdir(), 'millrace-server-'));
  const own = ['rtmp.listen=127.0.0.1:0', 'http.listen=127.0.0.1:0', `media.dir=${folder}`];
  const config = loadConfig({ set: [...own, ...settings] });
  const logger = createLogger({ level: 'silent', format: 'json' });
  const running = await startServer(config, logger, app && { app });
  const clients: WireClient[] = [];
  const open = async (): Promise<WireClient> => {
    const client = await WireClient.open(running.rtmp.port);
    clients.push(client);
    return client;
  };
  const handshaken = async (): Promise<WireClient> => {
    const client = await open();
    await client.handshake();
    return client;
  };
  return {
    port: running.rtmp.port,
    httpPort: running.http.port,
    running,
    open,
    handshaken,
    async connected(app) {
      const client = await handshaken();
      await client.connectApp(app);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      await running.close(0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
