/*
 * The content of a danmu, members in the order in which we send them:
 *
 *   userID, userLevel: string · deviceType: number · roomID: string
 *   timeStamp: date (marker 0b, a number of 8 bytes, time zone 0000) · danmuType: number · content: string
 */
import { AmfDate, AmfObject, type AmfValue } from '../amf/index.js';
import { checkedBy, MemberReader } from './member-reader.js';

/** A line of comment that crosses the picture, or a gift. */
export interface Danmu {
  readonly userId: string;
  readonly userLevel: string;
  /** 0 PC, 1 mobile; up to 255 is passed on. */
  readonly deviceType: number;
  readonly roomId: string;
  /** When it was sent, by the sender's clock: ms since 1970 UTC. */
  readonly timeStampMs: number;
  /** 0 for a text, any other for a kind of gift (up to 2³²−1). */
  readonly danmuType: number;
  /** The text, or the number of gifts. */
  readonly content: string;
}

/** How long the strings of a danmu may be, in UTF-16 code units as `String.length` counts. */
export interface DanmuLimits {
  readonly maxContentLength: number;
  /** Of `userID` and `userLevel`, each. */
  readonly maxUserLength: number;
  readonly maxRoomLength: number;
}

/** 500 characters are more than anyone reads while they cross the picture; a room is named as long as a service may be. */
export const defaultDanmuLimits: DanmuLimits = { maxContentLength: 500, maxUserLength: 128, maxRoomLength: 256 };

const maxDeviceType = 255;
const maxDanmuType = 0xffff_ffff;

/**
 * The content of a message of service type 0.
 *
 * @throws RtmpRemoteError `ERR_SERVICE_DANMU`, naming the member: "content is 900 characters long, allowed up to 500".
 */
export function parseDanmu(content: AmfValue, limits: Partial<DanmuLimits> = {}): Danmu {
  const { maxContentLength, maxUserLength, maxRoomLength } = { ...defaultDanmuLimits, ...limits };
  const members = new MemberReader(content, 'ERR_SERVICE_DANMU', 'the content of the danmu');
  return {
    userId: members.text('userID', { maxLength: maxUserLength }),
    userLevel: members.text('userLevel', { maxLength: maxUserLength }),
    deviceType: members.integer('deviceType', 0, maxDeviceType),
    roomId: members.text('roomID', { maxLength: maxRoomLength }),
    // The time zone is reserved [AMF0 §2.13], and what some encoders put there does not change the instant.
    timeStampMs: members.dateMs('timeStamp'),
    danmuType: members.integer('danmuType', 0, maxDanmuType),
    content: members.text('content', { maxLength: maxContentLength, multiline: true }),
  };
}

/**
 * The object to be sent as a content. Newly made.
 *
 * @throws RtmpUsageError `ERR_SERVICE_DANMU` for what `parseDanmu` would refuse with the same limits.
 */
export function formatDanmu(danmu: Danmu, limits: Partial<DanmuLimits> = {}): AmfObject {
  const object = new AmfObject([
    ['userID', danmu.userId],
    ['userLevel', danmu.userLevel],
    ['deviceType', danmu.deviceType],
    ['roomID', danmu.roomId],
    ['timeStamp', new AmfDate(danmu.timeStampMs)],
    ['danmuType', danmu.danmuType],
    ['content', danmu.content],
  ]);
  return checkedBy((value) => parseDanmu(value, limits), object);
}
