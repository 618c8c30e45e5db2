import type { Danmu, ServiceHeader } from '@millrace/protocol';

/** Of what a room says, and to whom. */
export interface LineStyle {
  readonly json: boolean;
  readonly colors: boolean;
}

const dim = '\u001b[2m';
const bold = '\u001b[1m';
const plain = '\u001b[0m';
const controlPictures = 0x2400;
/** C1, DEL, line and paragraph separators, and what turns the direction of writing around. */
const invisible = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** One line, without its end. Whatever is in the text, a terminal shows it and does nothing else. */
export function danmuLine(danmu: Danmu, { messageId }: Pick<ServiceHeader, 'messageId'>, style: LineStyle): string {
  if (style.json) return jsonLine(danmu, messageId);
  const [colored, user, end] = style.colors ? [dim, bold, plain] : ['', '', ''];
  const text = danmu.danmuType === 0 ? danmu.content : `[gift ${danmu.danmuType}] × ${danmu.content}`;
  const name = danmu.userId === '' ? '?' : danmu.userId;
  return `${colored}${clock(danmu.timeStampMs)}${end} ${user}${shown(name)}${end}: ${shown(text)}`;
}

/** The text with control characters as pictures of themselves, in one line. */
export function shown(text: string): string {
  return text
    .replace(/\r\n|[\r\n\t]/g, ' ')
    .replace(/\p{Cc}/gu, (character) => {
      const code = character.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(controlPictures + code) : '\ufffd';
    })
    .replace(invisible, '\ufffd')
    .replace(/\p{Cs}/gu, '\ufffd');
}

/** With the names of the wire. */
function jsonLine(
  { userId, userLevel, deviceType, roomId, timeStampMs, danmuType, content }: Danmu,
  id: string,
): string {
  const members = {
    ...{ timeStamp: timeStampMs, userID: userId, userLevel, deviceType, roomID: roomId, danmuType, content },
    messageID: id,
  };
  // JSON itself escapes the first 32 only, and a terminal obeys more than those.
  return JSON.stringify(members).replace(invisible, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function clock(timeStampMs: number): string {
  const date = new Date(timeStampMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
