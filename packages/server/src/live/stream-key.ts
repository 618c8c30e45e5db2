/** What a stream is known by: the application that the client connected to and the name it published or plays. */
export interface StreamKey {
  readonly app: string;
  readonly name: string;
}

const maxPathLength = 1024;
const defaultInstance = '/_definst_';

/**
 * `/app/name`, the one identity of a stream. Clients split a URL in different places (`live/room` + `a`, or `live` +
 * `room/a`), so the joined path decides, not its parts. `undefined` where the name is empty, longer than 1024
 * characters, or holds control characters, which no URL could reach and every log line would suffer from.
 */
export function streamPath(key: StreamKey): string | undefined {
  // Checked before anything looks at the characters: both come from strangers and can be megabytes.
  if (key.app.length > maxPathLength || key.name.length > maxPathLength) return undefined;
  const app = trimApp(key.app);
  if (key.name === '' || app === '') return undefined;
  const path = `/${app}/${key.name}`;
  if (path.length > maxPathLength || hasControlCharacter(path)) return undefined;
  return path;
}

/** The application without query, surrounding slashes and the default instance that Flash clients append. */
export function trimApp(app: string): string {
  const query = app.indexOf('?');
  let end = query < 0 ? app.length : query;
  let start = 0;
  while (start < end && app[start] === '/') start += 1;
  while (end > start && app[end - 1] === '/') end -= 1;
  const bare = app.slice(start, end);
  return bare.endsWith(defaultInstance) ? bare.slice(0, -defaultInstance.length) : bare;
}

function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
