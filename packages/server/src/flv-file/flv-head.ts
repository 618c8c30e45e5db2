/*
 * The head of a file that millrace writes: the FLV header, then one script tag whose length never changes.
 *
 *   +------------+------------------------------------------------------------------------+---------+
 *   | FLV header | onMetaData { recorder, recordedFor, … the publisher's …, duration,     | size of |
 *   | 13 bytes   | filesize, keyframes { times[], filepositions[] },                      | the tag |
 *   |            | sequenceHeaders { times[], filepositions[] }, filler [ 0, 0, … ] }     |         |
 *   +------------+------------------------------------------------------------------------+---------+
 *
 * `filler` shrinks when the index is written, so that the tags after it stay where they are. It is an array of numbers
 * because FFmpeg gives up on metadata that holds a text of more than a kilobyte (libavformat/flvdec.c, 5.1 to 8.1).
 */
import {
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  encodeAmf0,
  encodeFlvHeader,
  encodeFlvTag,
  flvTagTypes,
  maxFlvPayloadBytes,
  parseMetadata,
  RtmpUsageError,
} from '@millrace/protocol';
import type { FlvTally } from './flv-tally.js';
import { type HeaderIndex, maxHeaderEntries } from './header-index.js';
import { type KeyFrameIndex, maxIndexEntries } from './key-frame-index.js';

/** Where the first tag of a file with the usual header begins. */
export const firstTagOffset = 13;

export type MetadataProperties = ReadonlyMap<string, AmfValue>;

/** Two times two lists of numbers of 9 bytes each, and a kilobyte for the names around them. */
const reservedBytes = 2 * 9 * (maxIndexEntries + maxHeaderEntries) + 1024;
/** The name, the marker and the count of an empty `filler`. */
const emptyFillerBytes = 2 + 'filler'.length + 1 + 4;
/** Longer metadata is no description of a stream, and is recorded as any other data. */
const maxOwnMetadataBytes = 1024 * 1024;

/** What the file says of itself, and is said anew whenever it is complete. */
const factNames = ['duration', 'filesize', 'keyframes', 'hasKeyframes', 'sequenceHeaders', 'filler'];
/** What only millrace says. */
const ownNames = ['recorder', 'recordedFor'];

/** The members of a publisher's `onMetaData` payload, without those that speak of a file; `undefined`: it is none, or too long. */
export function readPublishedProperties(payload: Uint8Array): MetadataProperties | undefined {
  return readProperties(payload, [...factNames, ...ownNames]);
}

/** The same of a file's first tag, with what millrace said of it. */
export function readHeadProperties(payload: Uint8Array): MetadataProperties | undefined {
  return readProperties(payload, factNames);
}

function readProperties(payload: Uint8Array, without: readonly string[]): MetadataProperties | undefined {
  if (payload.length > maxOwnMetadataBytes) return undefined;
  const { handler, values, complete } = parseMetadata(payload);
  const [value] = values;
  if (handler !== 'onMetaData' || !complete) return undefined;
  if (!(value instanceof AmfObject || value instanceof AmfEcmaArray)) return undefined;
  return new Map([...value.properties].filter(([name]) => !without.includes(name)));
}

export interface FlvHead {
  readonly properties: MetadataProperties;
  /** Length of the script tag's payload. */
  readonly payloadBytes: number;
}

/** Length of the file header and the script tag. */
export function headBytes({ payloadBytes }: Pick<FlvHead, 'payloadBytes'>): number {
  return firstTagOffset + 11 + payloadBytes + 4;
}

/** As the file begins while it is being written: nothing is known yet, so both kinds are announced. */
export function encodeOpenHead(head: FlvHead): Uint8Array {
  return encodeHead(head, [['duration', 0]], { audio: true, video: true });
}

/**
 * As it begins when it is complete. `undefined`: the index does not fit into `payloadBytes`.
 *
 * @param fileBytes the length of the whole file
 */
export function encodeClosedHead(head: FlvHead, tally: FlvTally, fileBytes: number): Uint8Array | undefined {
  const facts: [string, AmfValue][] = [
    ['duration', tally.durationMs / 1000],
    ['filesize', fileBytes],
  ];
  if (tally.keyFrames.times.length > 0) {
    facts.push(['hasKeyframes', true]);
    facts.push(['keyframes', encodePlaces(tally.keyFrames)]);
  }
  const withHeaders: typeof facts = [...facts, ['sequenceHeaders', encodePlaces(tally.headers)]];
  // A head of an earlier version has no room for both where the index is full.
  const fitting = [withHeaders, facts].find(
    (some) => encodeProperties([...head.properties, ...some]).length + emptyFillerBytes <= head.payloadBytes,
  );
  return fitting && encodeHead(head, fitting, { audio: tally.hasAudio, video: tally.hasVideo });
}

function encodePlaces({ times, positions }: Pick<KeyFrameIndex | HeaderIndex, 'times' | 'positions'>): AmfObject {
  return new AmfObject([
    ['times', times.map((timeMs) => timeMs / 1000)],
    ['filepositions', [...positions]],
  ]);
}

function encodeHead(
  { properties, payloadBytes }: FlvHead,
  facts: readonly [string, AmfValue][],
  tracks: { audio: boolean; video: boolean },
): Uint8Array {
  const members = [...properties, ...facts];
  const room = payloadBytes - encodeProperties(members).length - emptyFillerBytes;
  const filler: AmfValue[] = new Array(Math.floor(room / 9)).fill(0);
  for (let i = 0; i < room % 9; i += 1) filler.push(null);
  const payload = encodeProperties([...members, ['filler', filler]]);
  const header = encodeFlvHeader(tracks);
  const tag = encodeFlvTag(flvTagTypes.script, 0, payload);
  const bytes = new Uint8Array(header.length + tag.length);
  bytes.set(header);
  bytes.set(tag, header.length);
  return bytes;
}

function encodeProperties(members: Iterable<readonly [string, AmfValue]>): Uint8Array {
  return encodeAmf0(['onMetaData', new AmfEcmaArray(members)]);
}

/** The head of a new recording. `recordedFor` tells those that the server began by itself, which it may also delete. */
export function newHead(published: MetadataProperties, recordedFor: 'publisher' | 'server'): FlvHead {
  const own: [string, AmfValue][] = [
    ['recorder', 'millrace'],
    ['recordedFor', recordedFor],
  ];
  return headWith(new Map([...own, ...published]), new Map(own));
}

/** A head with room for the index. `fallback`: the properties where `properties` cannot be written. */
export function headWith(properties: MetadataProperties, fallback: MetadataProperties = new Map()): FlvHead {
  try {
    const payloadBytes = encodeProperties(properties).length + reservedBytes;
    if (payloadBytes <= maxFlvPayloadBytes) return { properties, payloadBytes };
  } catch (error) {
    if (!(error instanceof RtmpUsageError)) throw error;
  }
  return { properties: fallback, payloadBytes: encodeProperties(fallback).length + reservedBytes };
}

/** Whether the head of this file (its first bytes, 128 are enough) says that the server began the recording by itself. */
export function isServersRecording(firstBytes: Buffer): boolean {
  // Both are the first members of the metadata, as `newHead` puts them.
  return firstBytes.subarray(0, 128).includes(serversMark);
}

const serversMark = Buffer.concat([encodeAmf0(['recordedFor']).subarray(1), encodeAmf0(['server'])]);
