import { AmfEcmaArray, AmfObject, decodeAmf0 } from '@millrace/protocol';

/** What `onMetaData` says that people want to see. Members are absent when the publisher left them out. */
export interface Metadata {
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  readonly encoder?: string;
}

/** Reads an `onMetaData` message's payload; `undefined` when it is not readable: a publisher's nonsense is passed on, not judged. */
export function readMetadata(payload: Uint8Array): Metadata | undefined {
  let values: ReturnType<typeof decodeAmf0>;
  try {
    values = decodeAmf0(payload, { maxElements: 4096, maxDepth: 16 });
  } catch {
    return undefined;
  }
  const properties = values[1];
  if (!(properties instanceof AmfObject || properties instanceof AmfEcmaArray)) return undefined;
  const number = (name: string): number | undefined => {
    const value = properties.get(name);
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
  };
  const width = number('width');
  const height = number('height');
  const frameRate = number('framerate') ?? number('videoframerate');
  const encoder = properties.get('encoder');
  return {
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(typeof encoder === 'string' ? { encoder: encoder.slice(0, 200) } : {}),
  };
}
