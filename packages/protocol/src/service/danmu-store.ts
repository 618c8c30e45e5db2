/*
 * Danmu by media time, as recordings keep them and as they are exported: JSON lines, UTF-8, one object and a line feed for
 * each, in the order of arrival. Members are spelled as on the wire; the date is a number of milliseconds.
 *
 *   {"mediaTimeMs":1500,"receivedAtMs":1700000000250,
 *    "header":{"version":0,"transimitType":0,"serviceType":0,"priority":4,"abandon":true,"messageID":"m-1","networkID":"n"},
 *    "content":{"userID":"alice","userLevel":"7","deviceType":1,"roomID":"room","timeStamp":1700000000000,"danmuType":0,
 *    "content":"hello"}}
 *
 * (on one line). Messages of other services, whose contents only applications know, have theirs as AMF0 in hexadecimal
 * digits instead:
 *
 *   {"mediaTimeMs":1500,"receivedAtMs":1700000000250,"header":{"version":0,"transimitType":0,"serviceType":7, …},
 *    "amf0":"0200026869"}
 *
 * Readers ignore members that they do not know.
 */
import { AmfDate, AmfObject, type AmfValue, decodeAmf0, encodeAmf0 } from '../amf/index.js';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { type Danmu, type DanmuLimits, formatDanmu, parseDanmu } from './danmu.js';
import { formatServiceHeader, parseServiceHeader, type ServiceHeader } from './service-header.js';

/** A danmu and its place in a recording. */
export interface StoredDanmu {
  /** ms from the start of the recording, from 0 up. */
  readonly mediaTimeMs: number;
  /** When the server received it: ms since 1970 UTC. */
  readonly receivedAtMs: number;
  readonly header: ServiceHeader;
  readonly danmu: Danmu;
}

/** A message of another service than danmu, and its place in a recording. */
export interface StoredMessage {
  /** ms from the start of the recording, from 0 up. */
  readonly mediaTimeMs: number;
  /** When the server received it: ms since 1970 UTC. */
  readonly receivedAtMs: number;
  readonly header: ServiceHeader;
  readonly content: AmfValue;
}

const errorCode = 'ERR_SERVICE_STORE';
/** By the default limits a line has some 1,500 characters, 3,000 where all need escaping: this leaves room for longer ones. */
const maxLineLength = 65_536;

/**
 * One line, without its line feed, which no character inside can be mistaken for.
 *
 * @throws RtmpUsageError `ERR_SERVICE_STORE` for times that are not finite numbers from 0 up and a line of more than 65,536
 * characters, and as `formatServiceHeader` and `formatDanmu` do.
 */
export function formatStoredDanmu(stored: StoredDanmu, limits: Partial<DanmuLimits> = {}): string {
  return formatLine(stored, { content: toJson(formatDanmu(stored.danmu, limits)) });
}

/**
 * As `formatStoredDanmu`, for a message of another service.
 *
 * @throws RtmpUsageError as that does, and as `encodeAmf0` does for a content that AMF0 has no form for.
 */
export function formatStoredMessage(stored: StoredMessage): string {
  return formatLine(stored, { amf0: toHex(encodeAmf0([stored.content])) });
}

function formatLine(
  { mediaTimeMs, receivedAtMs, header }: Omit<StoredMessage, 'content'>,
  content: Readonly<Record<string, unknown>>,
): string {
  for (const [name, value] of Object.entries({ mediaTimeMs, receivedAtMs })) {
    if (!isTime(value)) throw new RtmpUsageError(errorCode, `${name} is ${value}, not a number from 0 up`);
  }
  const line = JSON.stringify({ mediaTimeMs, receivedAtMs, header: toJson(formatServiceHeader(header)), ...content });
  if (line.length > maxLineLength) throw new RtmpUsageError(errorCode, lengthComplaint(line));
  return line;
}

/**
 * The reverse; white space around the line does not matter.
 *
 * @throws RtmpRemoteError `ERR_SERVICE_STORE`, `ERR_SERVICE_HEADER` or `ERR_SERVICE_DANMU` for a line that is none of
 * ours: the last one of a file whose writer died may be cut short.
 */
export function parseStoredDanmu(line: string, limits: Partial<DanmuLimits> = {}): StoredDanmu {
  const members = parseMembers(line);
  return { ...placeOf(members), danmu: parseDanmu(toAmf(members.get('content')), limits) };
}

/**
 * As `parseStoredDanmu`, for a line of either kind.
 *
 * @throws RtmpRemoteError as that does, `ERR_SERVICE_STORE` for digits that are no AMF0.
 */
export function parseStoredMessage(line: string, limits: Partial<DanmuLimits> = {}): StoredDanmu | StoredMessage {
  const members = parseMembers(line);
  const digits = members.get('amf0');
  if (digits === undefined) return parseStoredDanmu(line, limits);
  return { ...placeOf(members), content: fromHex(digits) };
}

function parseMembers(line: string): ReadonlyMap<string, unknown> {
  const members = membersOf(parseJson(line));
  if (members === undefined) throw new RtmpRemoteError(errorCode, 'the line is not a JSON object');
  return members;
}

function placeOf(members: ReadonlyMap<string, unknown>): Omit<StoredMessage, 'content'> {
  return {
    mediaTimeMs: timeOf(members, 'mediaTimeMs'),
    receivedAtMs: timeOf(members, 'receivedAtMs'),
    header: parseServiceHeader(toAmf(members.get('header'))),
  };
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHex(digits: unknown): AmfValue {
  if (typeof digits !== 'string' || !/^(?:[0-9a-f]{2})+$/i.test(digits)) {
    throw new RtmpRemoteError(errorCode, 'amf0 is no string of hexadecimal digits');
  }
  const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
  let values: AmfValue[];
  try {
    values = decodeAmf0(bytes);
  } catch (error) {
    if (!(error instanceof RtmpRemoteError)) throw error;
    throw new RtmpRemoteError(errorCode, `amf0 is no value: ${error.message}`, { cause: error });
  }
  const [value, ...more] = values;
  if (more.length > 0) throw new RtmpRemoteError(errorCode, `amf0 has ${values.length} values, not one`);
  return value;
}

function parseJson(line: string): unknown {
  if (line.length > maxLineLength) {
    throw new RtmpRemoteError(errorCode, lengthComplaint(line));
  }
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new RtmpRemoteError(errorCode, 'the line is not JSON', { cause: error });
  }
}

function lengthComplaint(line: string): string {
  return `the line is ${line.length} characters long, allowed up to ${maxLineLength}`;
}

function timeOf(members: ReadonlyMap<string, unknown>, name: string): number {
  const value = members.get(name);
  if (!isTime(value)) throw new RtmpRemoteError(errorCode, `${name} is missing, or not a number from 0 up`);
  return value;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function toJson(object: AmfObject): Record<string, unknown> {
  const members = [...object.properties].map(([name, value]): [string, unknown] => [
    name,
    value instanceof AmfDate ? value.timeMs : value,
  ]);
  return Object.fromEntries(members);
}

/** The object as it was on the wire; what is neither text, number nor boolean in it is no member of ours. */
function toAmf(value: unknown): AmfValue {
  const members = membersOf(value);
  if (members === undefined) return null;
  const object = new AmfObject();
  for (const [name, member] of members) {
    if (name === 'timeStamp' && typeof member === 'number') object.properties.set(name, new AmfDate(member));
    else if (typeof member === 'string' || typeof member === 'number' || typeof member === 'boolean') {
      object.properties.set(name, member);
    }
  }
  return object;
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map<string, unknown>(Object.entries(value));
}
