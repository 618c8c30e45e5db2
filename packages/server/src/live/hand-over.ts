import { messageTypes } from '@millrace/protocol';
import type { LiveMessage } from './live-message.js';
import type { MessageLog } from './message-log.js';

/** Two streams whose times are this close, ms, are taken for renditions of one: their times mean the same. */
const sameClockMs = 5000;
/** Sound and picture are not mixed further apart than in so many messages. */
const maxInterleaved = 64;

/** How a stream ended for a player who goes on with another. */
export interface HandOver {
  /** Time of the newest message that the player was sent, as the player was sent it, ms; `undefined`: it was sent nothing. */
  readonly sentMs: number | undefined;
  /** What was added to the times of the stream. */
  readonly offsetMs: number;
  /** The other stream's times mean the same as this one's. */
  readonly isSameClock: boolean;
}

/** How a stream's times are changed for a player who has played another before. */
export interface TimeShift {
  /** Added, modulo 2³². */
  readonly offsetMs: number;
  /** Nothing is earlier than this: video is sent with this time, sound is not. `undefined`: nothing would be earlier. */
  readonly floorMs: number | undefined;
}

/** How the stream that begins at `firstMs` follows; `undefined`: with its own times. */
export function shiftAfter({ sentMs, offsetMs, isSameClock }: HandOver, firstMs: number): TimeShift | undefined {
  if (sentMs === undefined) return undefined;
  if (!isSameClock) return { offsetMs: (sentMs + 1 - firstMs) >>> 0, floorMs: undefined };
  const isLate = timeBetween(sentMs, firstMs + offsetMs) <= 0;
  return isLate || offsetMs !== 0 ? { offsetMs, floorMs: isLate ? sentMs : undefined } : undefined;
}

/** From one time to another, ms; negative: the other is earlier. Times wrap. */
export function timeBetween(fromMs: number, toMs: number): number {
  return (toMs - fromMs) | 0;
}

export function isSameClock(oneMs: number, otherMs: number): boolean {
  return Math.abs(timeBetween(oneMs, otherMs)) <= sameClockMs;
}

/** Time of the first audio or video from there on; `undefined`: none has come. */
export function firstMediaMs(log: MessageLog, from: number): number | undefined {
  for (let sequence = from; sequence < log.next; sequence += 1) {
    const message = log.at(sequence)?.message;
    if (message !== undefined && isMedia(message)) return message.timestamp;
  }
  return undefined;
}

/** Time of the newest audio or video right before there; `undefined`: none is kept. */
export function newestMediaMs(log: MessageLog, before: number): number | undefined {
  let newest: number | undefined;
  for (let sequence = before - 1; sequence >= Math.max(log.first, before - maxInterleaved); sequence -= 1) {
    const message = log.at(sequence)?.message;
    if (message === undefined || !isMedia(message)) continue;
    if (newest === undefined || timeBetween(newest, message.timestamp) > 0) newest = message.timestamp;
  }
  return newest;
}

/** Sequence number of the first audio or video from there on that is not before a time; that of the next, where none is. */
export function placeOfTime(log: MessageLog, from: number, timeMs: number): number {
  for (let sequence = from; sequence < log.next; sequence += 1) {
    const message = log.at(sequence)?.message;
    if (message !== undefined && isMedia(message) && timeBetween(timeMs, message.timestamp) >= 0) return sequence;
  }
  return log.next;
}

function isMedia({ messageTypeId }: LiveMessage): boolean {
  return messageTypeId === messageTypes.audio || messageTypeId === messageTypes.video;
}
