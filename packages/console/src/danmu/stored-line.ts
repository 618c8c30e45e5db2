/** What somebody has said during a recording. */
export interface StoredLine {
  /** Of the recording. */
  readonly seconds: number;
  readonly user: string;
  /** As it is to be shown. */
  readonly said: string;
}

/** Reads JSON lines as the server tells them, in their order; what is no danmu, or no line, is left out. */
export function readStoredLines(text: string): StoredLine[] {
  return text.split('\n').flatMap((line) => {
    const read = readLine(line);
    return read === undefined ? [] : [read];
  });
}

/** `danmuType`: 0 is text, all else are presents, whose text says how many. */
export function shownDanmu(danmuType: unknown, content: string): string {
  return danmuType === 0 ? content : `🎁 × ${content}`;
}

function readLine(line: string): StoredLine | undefined {
  if (line === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const timeMs = memberOf(value, 'mediaTimeMs');
  const danmu = memberOf(value, 'content');
  const content = memberOf(danmu, 'content');
  const user = memberOf(danmu, 'userID');
  if (typeof timeMs !== 'number' || typeof content !== 'string' || content === '') return undefined;
  const said = shownDanmu(memberOf(danmu, 'danmuType'), content);
  return { seconds: timeMs / 1000, user: typeof user === 'string' ? user : '', said };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
