import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from './server.js';

/** The little of vite that is used: it is a dependency of the console, which is built with it. */
interface Vite {
  build(options: object): Promise<unknown>;
}

/** A page on an origin of its own, with the built @millrace/client, bundled for browsers, as `window.client`. */
export class ClientPage {
  readonly url: string;
  /** The script that the page loads. */
  readonly bundle: string;
  readonly #server: Server;

  private constructor(server: Server, bundle: string) {
    this.#server = server;
    this.bundle = bundle;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  static async start(): Promise<ClientPage> {
    const bundle = await bundleClient();
    const page = '<!doctype html><title>client</title><link rel="icon" href="data:,">';
    const script = '<script type="module">import * as client from "/client.js"; window.client = client;</script>';
    const server = createServer((request, response) => {
      const isScript = request.url === '/client.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? bundle : page + script);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ClientPage(server, bundle);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function bundleClient(): Promise<string> {
  const require = createRequire(join(repository, 'packages/console/package.json'));
  const vite = (await import(require.resolve('vite'))) as Vite;
  const outDir = mkdtempSync(join(tmpdir(), 'millrace-client-'));
  try {
    await vite.build({
      configFile: false,
      logLevel: 'error',
      root: join(repository, 'packages/client'),
      build: {
        lib: { entry: 'dist/index.js', formats: ['es'], fileName: () => 'client.js' },
        outDir,
        target: 'es2022',
      },
    });
    return readFileSync(join(outDir, 'client.js'), 'utf8');
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}
