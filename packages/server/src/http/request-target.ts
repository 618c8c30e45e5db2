/** What a request line asks for. */
export type RequestTarget =
  | {
      readonly kind: 'media';
      readonly app: string;
      /** May hold slashes and any Unicode. */
      readonly name: string;
      readonly audio: boolean;
      readonly video: boolean;
      /** Where to begin, s: in a recording from its beginning; below 0, back from now. `undefined`: it does not say. */
      readonly startSeconds?: number | undefined;
      /** What follows the `?`; `''` where there is none. */
      readonly query: string;
    }
  /** The file of a recording. */
  | {
      readonly kind: 'recording';
      /** Within `media.dir`, as it was sent: nothing is known of it but that it ends as a recording. */
      readonly path: string;
      /** As FLV from there on, s, as for media. `undefined`: the file as it is. */
      readonly startSeconds?: number | undefined;
      readonly query: string;
    }
  /** What was said during a recording. */
  | {
      readonly kind: 'danmu';
      /** As of a recording. */
      readonly path: string;
      /** Of the recording, s; `undefined`: its beginning, its end. */
      readonly startSeconds: number | undefined;
      readonly endSeconds: number | undefined;
      /** Lines at most; `undefined`: all. */
      readonly limit: number | undefined;
      readonly query: string;
    }
  /** A page, a file of the console, or the rest of the API. */
  | { readonly kind: 'page' }
  | { readonly kind: 'malformed'; readonly reason: string };

const mediaSuffix = '.flv';
/** Nothing under here is a stream, so that the API can grow without taking names away. */
const apiPrefix = '/api/';
/** A recording has an application: `/recordings/NAME.flv` is a stream of one that is called so. */
const recordingPattern = /^\/recordings\/([^/]+\/.+\.(?:flv|mp4|f4v))$/s;
const danmuPattern = /^\/api\/v1\/recordings\/([^/]+\/.+\.(?:flv|mp4|f4v))\/danmu$/s;

/** Twelve digits before the point are more than any stream lasts. */
const secondsPattern = /^-?\d{1,12}(?:\.\d{1,12})?$/;
const limitPattern = /^\d{1,6}$/;
const malformedStart = { kind: 'malformed', reason: 'start is a number of seconds.' } as const;

/**
 * Reads a request target: `/APP/NAME.flv[?audio=0][&video=0][&start=SECONDS]` is media,
 * `/recordings/APP/NAME.flv` (or `.mp4`, `.f4v`) the file of a recording. The path is taken as it was sent: no `..` is
 * resolved, since no path of ours ever becomes the path of a file.
 */
export function parseRequestTarget(target: string): RequestTarget {
  // [RFC 9112 §3.2.2] servers accept the absolute form, which only proxies are sent otherwise.
  const origin = /^https?:\/\/[^/?]*/i.exec(target)?.[0].length ?? 0;
  const query = target.indexOf('?', origin);
  let path: string;
  try {
    path = decodeURIComponent(target.slice(origin, query < 0 ? undefined : query));
  } catch {
    return { kind: 'malformed', reason: 'The path holds a percent sign that begins no valid UTF-8 character.' };
  }
  const queryText = query < 0 ? '' : target.slice(query + 1);
  const [, recording] = recordingPattern.exec(path) ?? [];
  if (recording !== undefined) {
    const start = new URLSearchParams(queryText).get('start');
    if (start !== null && !secondsPattern.test(start)) return malformedStart;
    const startSeconds = start === null ? undefined : Number(start);
    return { kind: 'recording', path: recording, startSeconds, query: queryText };
  }
  const [, talkedOver] = danmuPattern.exec(path) ?? [];
  if (talkedOver !== undefined) return danmuTarget(talkedOver, queryText);
  const slash = path.indexOf('/', 1);
  if (!path.endsWith(mediaSuffix) || slash < 0 || path.startsWith(apiPrefix)) return { kind: 'page' };
  const parameters = new URLSearchParams(queryText);
  const audio = isWanted(parameters.get('audio'));
  const video = isWanted(parameters.get('video'));
  if (!audio && !video) return { kind: 'malformed', reason: 'Neither audio nor video is wanted.' };
  const start = parameters.get('start');
  if (start !== null && !secondsPattern.test(start)) return malformedStart;
  const name = path.slice(slash + 1, -mediaSuffix.length);
  const startSeconds = start === null ? undefined : Number(start);
  return { kind: 'media', app: path.slice(1, slash), name, audio, video, startSeconds, query: queryText };
}

function danmuTarget(path: string, query: string): RequestTarget {
  const parameters = new URLSearchParams(query);
  const [start, end, limit] = ['start', 'end', 'limit'].map((name) => parameters.get(name));
  for (const [name, text] of Object.entries({ start, end })) {
    if (typeof text === 'string' && !secondsPattern.test(text)) {
      return { kind: 'malformed', reason: `${name} is a number of seconds.` };
    }
  }
  if (typeof limit === 'string' && !limitPattern.test(limit)) {
    return { kind: 'malformed', reason: 'limit is a number of lines, up to 999999.' };
  }
  const numberOf = (text: string | null | undefined): number | undefined =>
    typeof text === 'string' ? Number(text) : undefined;
  return {
    ...{ kind: 'danmu', path, query, limit: numberOf(limit) },
    ...{ startSeconds: numberOf(start), endSeconds: numberOf(end) },
  };
}

function isWanted(value: string | null): boolean {
  return value !== '0' && value !== 'false';
}
