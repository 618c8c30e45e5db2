// Serves the page, and with it the modules of @millrace/client as they are: browsers find them by the page's import map.
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
const client = createRequire(here).resolve('@millrace/client');
const protocol = createRequire(client).resolve('@millrace/protocol');

/** Folders by the beginning of the path. */
const folders = [
  ['/client/', dirname(client)],
  ['/protocol/', dirname(protocol)],
  ['/', join(dirname(here), 'page')],
];

/** @type {Record<string, string>} */
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css' };

/**
 * @param {string} url
 * @returns {string | undefined}
 */
function fileOf(url) {
  const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  const [prefix, folder] = folders.find(([start]) => path.startsWith(String(start))) ?? [];
  if (prefix === undefined || folder === undefined) return undefined;
  const file = normalize(join(folder, path === '/' ? 'index.html' : path.slice(prefix.length)));
  return file.startsWith(folder) && extname(file) in types && existsSync(file) ? file : undefined;
}

/**
 * @param {number} port 0: any that is free.
 * @returns {Promise<number>} The port.
 */
export function servePage(port) {
  const server = createServer((request, response) => {
    let file;
    try {
      file = fileOf(request.url ?? '/');
    } catch {
      // A path that cannot be decoded.
    }
    if (file === undefined) {
      response.writeHead(404).end('There is nothing here.\n');
      return;
    }
    response.writeHead(200, { 'content-type': types[extname(file)], 'cache-control': 'no-cache' });
    createReadStream(file).pipe(response);
  });
  // The media server decides when the program ends.
  server.unref();
  return new Promise((resolve, fail) => {
    server.once('error', fail);
    server.listen(port, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
