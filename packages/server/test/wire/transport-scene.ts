import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectOptions, NetConnection } from '@millrace/client';
import { afterEach } from 'vitest';
import type { App } from '../../src/app/index.js';
import { startTestServer, type TestServer } from './start-test-server.js';

/** Servers and their clients, each closed after the test that opened it. */
export interface TransportScene {
  /** What is opened last is closed first. */
  closeAfter(close: () => unknown): void;
  /** A server that sends media at once. `settings`: as `--set`. */
  serve(settings?: readonly string[], app?: App): Promise<TestServer>;
  connect(url: string, options?: ConnectOptions): Promise<NetConnection>;
  /** A TCP connection with nothing sent. */
  dial(port: number): Socket;
}

/** To be called once, where a file's tests begin. */
export function transportScene(): TransportScene {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  return {
    closeAfter(close) {
      closers.push(close);
    },
    async serve(settings = [], app) {
      const server = await startTestServer(['live.maxWindowMs=0', ...settings], app);
      closers.push(() => server.close());
      return server;
    },
    async connect(url, options = {}) {
      const connection = await NetConnection.connect(url, options);
      closers.push(() => connection.close());
      return connection;
    },
    dial(port) {
      const socket = connectTcp({ host: '127.0.0.1', port });
      closers.push(() => socket.destroy());
      return socket.on('error', () => undefined);
    },
  };
}
