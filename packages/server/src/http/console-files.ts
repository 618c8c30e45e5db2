import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

/** One file of the console, ready to be sent. */
export interface ConsoleFile {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly etag: string;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Made when it is first asked for; `undefined` where compressing gains nothing. */
  compressed(): Uint8Array<ArrayBuffer> | undefined;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/**
 * The files of the built console by their URL paths, all read now: requests look them up in this map and never reach
 * the file system, so no path can lead out of the folder. Empty when the folder does not exist.
 */
export function readConsoleFiles(folder: string): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  for (const path of listFiles(folder)) {
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    const file = consoleFile(url, new Uint8Array(readFileSync(path)));
    files.set(url, file);
    if (url === '/index.html') files.set('/', file);
  }
  return files;
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listFiles(path);
      return entry.isFile() ? [path] : [];
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function consoleFile(url: string, content: Uint8Array<ArrayBuffer>): ConsoleFile {
  const contentType = contentTypes[extname(url)] ?? 'application/octet-stream';
  const isText = /^text\/|json|svg/.test(contentType);
  let gzipped: Uint8Array<ArrayBuffer> | undefined;
  return {
    contentType,
    // The bundler puts a hash of the content into the names of what it writes to assets/.
    cacheControl: url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
    content,
    compressed() {
      if (!isText || content.length < 1024) return undefined;
      gzipped ??= new Uint8Array(gzipSync(content));
      return gzipped;
    },
  };
}
