import { AmfEcmaArray, AmfObject, type AmfValue } from '@millrace/protocol';

/** What the server says of the way in which it plays, with `onPlayStatus`. */
export interface PlayStatus {
  /** `NetStream.Play.Complete`, `NetStream.Play.Switch` or `NetStream.Play.TransitionComplete`, of most servers. */
  readonly code: string;
  /** `''` where there is none. */
  readonly level: string;
  /** Of what was played, seconds and bytes; `undefined` where the server does not say. */
  readonly duration: number | undefined;
  readonly bytes: number | undefined;
  /** The whole value as received, with whatever else it holds. */
  readonly info: AmfValue;
}

/** `undefined`: the values of a data message are no `onPlayStatus`. Servers put a null before the object, or not. */
export function readPlayStatus(values: readonly AmfValue[] | undefined): PlayStatus | undefined {
  if (values?.[0] !== 'onPlayStatus') return undefined;
  const info = values.find((value) => value instanceof AmfObject || value instanceof AmfEcmaArray);
  if (!(info instanceof AmfObject || info instanceof AmfEcmaArray)) return undefined;
  const { properties } = info;
  return {
    code: textOf(properties.get('code')),
    level: textOf(properties.get('level')),
    duration: numberOf(properties.get('duration')),
    bytes: numberOf(properties.get('bytes')),
    info,
  };
}

function textOf(value: AmfValue): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: AmfValue): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
