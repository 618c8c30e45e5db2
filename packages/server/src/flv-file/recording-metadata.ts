import { AmfEcmaArray, AmfObject, type AmfValue, encodeAmf0, parseMetadata, RtmpUsageError } from '@millrace/protocol';

/** What a file's metadata says of the file itself. */
export interface RecordingMetadata {
  /** The members of `onMetaData` that players get. */
  readonly properties: ReadonlyMap<string, AmfValue>;
  /** ms; `undefined`: it does not say. */
  readonly durationMs: number | undefined;
  /** Places of key frames, ms and bytes; `undefined`: there are none, or they are not to be believed. */
  readonly keyFrames: Places | undefined;
  /** The same of sequence headers: all of them that are others than those before. */
  readonly sequenceHeaders: Places | undefined;
}

interface Places {
  readonly times: readonly number[];
  readonly positions: readonly number[];
}

/** Of use to those who have the file, and tens of kilobytes. */
const fileNames = new Set([
  'keyframes',
  'hasKeyframes',
  'sequenceHeaders',
  'filler',
  'filesize',
  'recorder',
  'recordedFor',
]);

/** `undefined`: the payload of the script tag is no `onMetaData`. */
export function readRecordingMetadata(payload: Uint8Array): RecordingMetadata | undefined {
  const { handler, values } = parseMetadata(payload);
  const [value] = values;
  if (handler !== 'onMetaData' || !(value instanceof AmfObject || value instanceof AmfEcmaArray)) return undefined;
  const { properties } = value;
  const duration = properties.get('duration');
  return {
    properties: new Map([...properties].filter(([name]) => !fileNames.has(name))),
    durationMs: isTime(duration) && duration > 0 ? duration * 1000 : undefined,
    keyFrames: readPlaces(properties.get('keyframes')),
    sequenceHeaders: readPlaces(properties.get('sequenceHeaders')),
  };
}

/** `onMetaData` for players, with the duration. */
export function encodeRecordingMetadata(properties: ReadonlyMap<string, AmfValue>, durationMs: number): Uint8Array {
  const members = new Map<string, AmfValue>([['duration', durationMs / 1000], ...properties]);
  members.set('duration', durationMs / 1000);
  try {
    return encodeAmf0(['onMetaData', new AmfEcmaArray(members)]);
  } catch (error) {
    // There is AMF3 in it.
    if (!(error instanceof RtmpUsageError)) throw error;
    return encodeAmf0(['onMetaData', new AmfEcmaArray([['duration', durationMs / 1000]])]);
  }
}

function readPlaces(value: AmfValue): Places | undefined {
  if (!(value instanceof AmfObject || value instanceof AmfEcmaArray)) return undefined;
  const seconds = numbersOf(value.properties.get('times'));
  const positions = numbersOf(value.properties.get('filepositions'));
  if (seconds.length === 0 || seconds.length !== positions.length) return undefined;
  return isRising(seconds) && isRising(positions) ? { times: seconds.map((s) => s * 1000), positions } : undefined;
}

function numbersOf(value: AmfValue): number[] {
  const items = value instanceof AmfEcmaArray ? value.items : value;
  return Array.isArray(items) && items.every(isTime) ? items : [];
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number >= (numbers[i - 1] ?? 0));
}
