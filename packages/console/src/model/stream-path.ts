/** Which stream: the names as the publisher gave them, not escaped. */
export interface StreamPath {
  readonly app: string;
  readonly name: string;
}

/** The same text for the same stream, to compare and to look up: `/live/test`. */
export function streamKey(path: StreamPath): string {
  return `/${path.app}/${path.name}`;
}

/** The address fragment of a stream: `#/live/test`. Every part is escaped. */
export function formatStreamHash(path: StreamPath): string {
  return `#/${escapeSegment(path.app)}/${escapeSegment(path.name)}`;
}

/** The stream of an address fragment; `undefined` when it names none (or is badly escaped). */
export function parseStreamHash(hash: string): StreamPath | undefined {
  const match = /^#?\/([^/]+)\/(.+)$/.exec(hash);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  try {
    return { app: decodeURIComponent(match[1]), name: decodeURIComponent(match[2]) };
  } catch {
    return undefined;
  }
}

/** Escapes one part of a path. `!'()*` too: chat programs and shells cut links at them. */
export function escapeSegment(segment: string): string {
  return encodeURIComponent(wellFormed(segment)).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The same text with U+FFFD in place of lone surrogates, which no URL can carry. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\uFFFD');
}
