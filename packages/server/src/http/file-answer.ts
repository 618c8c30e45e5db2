import type { IncomingHttpHeaders } from 'node:http';
import { create as contentDisposition } from 'content-disposition';
import fresh from 'fresh';
import parseRange from 'range-parser';
import { crossOrigin } from './plain-answer.js';
import type { SentFile } from './recording-source.js';

/** What of a file is sent, with which status and header. */
export interface FileAnswer {
  readonly status: 200 | 206 | 304 | 412 | 416;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Of the file; `length` 0: nothing. */
  readonly start: number;
  readonly length: number;
}

export interface FileRequest {
  readonly method: 'GET' | 'HEAD';
  readonly headers: IncomingHttpHeaders;
  /** It is to be saved, not shown. */
  readonly isDownload: boolean;
}

/** Any page may read it, and see where it is in the file. */
const exposed = 'content-range, content-length, accept-ranges, etag, last-modified';

/** Answers a request for a file [RFC 9110 §13, §14]. Several ranges at once are answered with the whole. */
export function fileAnswer(file: Omit<SentFile, 'handle'>, { method, headers, isDownload }: FileRequest): FileAnswer {
  const etag = `"${file.version}"`;
  const lastModified = new Date(file.modifiedMs).toUTCString();
  const common = {
    ...crossOrigin,
    'access-control-expose-headers': exposed,
    'accept-ranges': 'bytes',
    // Who may see it is asked each time.
    'cache-control': 'private, no-cache, no-transform',
    etag,
    'last-modified': lastModified,
    'x-content-type-options': 'nosniff',
  };
  const nothing = { start: 0, length: 0 };
  if (hasOtherVersion(headers, etag, file.modifiedMs)) {
    return { ...nothing, status: 412, headers: { ...common, 'content-length': 0 } };
  }
  if (fresh(headers, { etag, 'last-modified': lastModified })) return { ...nothing, status: 304, headers: common };
  const whole = {
    ...common,
    'content-type': file.contentType,
    ...(isDownload && { 'content-disposition': contentDisposition(file.fileName) }),
  };
  const range =
    method === 'GET' && isRangeFor(headers, etag, lastModified) ? rangeOf(headers.range, file.bytes) : 'all';
  if (range === 'none') {
    const contentRange = `bytes */${file.bytes}`;
    return { ...nothing, status: 416, headers: { ...common, 'content-range': contentRange, 'content-length': 0 } };
  }
  if (range === 'all') {
    return { status: 200, headers: { ...whole, 'content-length': file.bytes }, start: 0, length: file.bytes };
  }
  const { start, end } = range;
  const length = end - start + 1;
  const contentRange = `bytes ${start}-${end}/${file.bytes}`;
  return { status: 206, headers: { ...whole, 'content-range': contentRange, 'content-length': length }, start, length };
}

/** The one range that is asked for; `all`: none, several, or what is no range of bytes; `none`: nothing of the file. */
function rangeOf(
  text: string | undefined,
  bytes: number,
): { readonly start: number; readonly end: number } | 'all' | 'none' {
  if (text === undefined) return 'all';
  // Of a suffix longer than the file, the whole is meant; the parser finds nothing then. [RFC 9110 §14.1.2]
  const [, suffix] = /^bytes=[ \t]*-(\d+)[ \t]*$/i.exec(text) ?? [];
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), bytes);
    return length === 0 ? 'none' : { start: bytes - length, end: bytes - 1 };
  }
  const ranges = parseRange(bytes, text, { combine: true });
  if (ranges === -1) return isBytes(text) ? 'none' : 'all';
  if (ranges === -2 || ranges.type.toLowerCase() !== 'bytes' || ranges.length !== 1) return 'all';
  return ranges[0] ?? 'all';
}

function isBytes(range: string): boolean {
  return /^bytes=/i.test(range);
}

/** Whether the range is of the file that the client has a part of. [RFC 9110 §13.1.5] */
function isRangeFor(headers: IncomingHttpHeaders, etag: string, lastModified: string): boolean {
  const ifRange = headers['if-range'];
  return ifRange === undefined || ifRange === etag || ifRange === lastModified;
}

/** Whether the client wants another version only. [RFC 9110 §13.1.1, §13.1.4] */
function hasOtherVersion(headers: IncomingHttpHeaders, etag: string, modifiedMs: number): boolean {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    return ifMatch.trim() !== '*' && !ifMatch.split(',').some((one) => one.trim() === etag);
  }
  const since = Date.parse(headers['if-unmodified-since'] ?? '');
  return Math.floor(modifiedMs / 1000) * 1000 > since;
}
