import { escapeSegment, type StreamPath, wellFormed } from './stream-path.js';

const standardRtmpPort = 1935;

/** Where this page came from, and where the server listens. */
export interface ServerPlace {
  /** The address of the page, without its fragment. Streams are found relative to it. */
  readonly pageUrl: URL;
  readonly rtmpPort: number;
  /** The page's own query, with its `?`: it may hold a token or a signature, and goes along to what is asked for. */
  readonly query?: string;
}

/** `rtmp://host/live`: what encoders call the server. The standard port 1935 is left out. */
export function rtmpAppUrl(place: ServerPlace, app: string): string {
  const port = place.rtmpPort === standardRtmpPort ? '' : `:${place.rtmpPort}`;
  return `rtmp://${place.pageUrl.hostname}${port}/${withoutControls(app)}`;
}

/** `rtmp://host/live/test`. RTMP knows no escapes: the name stands as it is, except for control characters. */
export function rtmpUrl(place: ServerPlace, path: StreamPath): string {
  return `${rtmpAppUrl(place, path.app)}/${withoutControls(path.name)}`;
}

/** `http://host:8080/live/test.flv`. */
export function httpFlvUrl(place: ServerPlace, path: StreamPath): string {
  const segments = [path.app, ...path.name.split('/')].map(escapeSegment);
  return new URL(`./${segments.join('/')}.flv${place.query ?? ''}`, place.pageUrl).href;
}

/** `http://host:8080/recordings/live/test.flv`. `path`: as the API tells it, encoded. */
export function recordingUrl(place: ServerPlace, path: string): string {
  return new URL(`.${path}${place.query ?? ''}`, place.pageUrl).href;
}

/** Where it is told what was said during a recording. `path`: as for `recordingUrl`. */
export function recordingDanmuUrl(place: ServerPlace, path: string): string {
  return new URL(`./api/v1${path}/danmu${place.query ?? ''}`, place.pageUrl).href;
}

/** `ws://host:8080/live/test.flv`, or `wss:` when the page itself came over TLS. */
export function webSocketFlvUrl(place: ServerPlace, path: StreamPath): string {
  const url = new URL(httpFlvUrl(place, path));
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

// Publishers choose the names, people paste these addresses into terminals: a line feed there would run a command.
function withoutControls(text: string): string {
  return wellFormed(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => encodeURIComponent(character));
}
