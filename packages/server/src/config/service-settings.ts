import * as v from 'valibot';
import { integer, type Setting } from './setting-kinds.js';

const kibi = 1024;
const mebi = 1024 * kibi;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

function text(
  pattern: RegExp,
  fallback: string,
  { allowed, meaning }: { readonly allowed: string; readonly meaning: string },
): Setting<string> {
  return { schema: v.pipe(v.unknown(), v.string(), v.regex(pattern)), default: fallback, allowed, meaning };
}

const networkText = /^[\x20-\x7e]{0,128}$/;
const networkTextAllowed = 'text of up to 128 ASCII characters, or nothing';

export const serviceSettings = {
  messageName: text(/^[\w.-]{1,64}$/, 'cdnunion20170314', {
    allowed: '1 to 64 letters, digits, ".", "_" and "-"',
    meaning: 'What the commands are called that carry messages of services. All servers and clients must agree on it.',
  }),
  networkName: text(networkText, 'millrace', {
    allowed: networkTextAllowed,
    meaning: 'The name of your network in the answer to a capability query.',
  }),
  networkId: text(networkText, '', {
    allowed: networkTextAllowed,
    meaning: "The networkID of what this server itself sends, as registered with the union. Nothing: the asker's.",
  }),
  cdnIp: text(/^(?:auto|[\w.:-]{0,253})$/, 'auto', {
    allowed: 'auto, an address or host name, or nothing',
    meaning:
      "What players find as cdn_ip in a stream's metadata. auto: the address that the publisher connected to, unless that is a loopback address; nothing: metadata is passed on as it is.",
  }),
  history: integer(50, 0, 1000, 'The last danmu of a service that who attaches is sent. 0: none.'),
  duplicateMessages: integer(
    1000,
    0,
    100_000,
    'Message ids that a service remembers: a message that comes twice is sent once. 0: none.',
  ),
  duplicateWindowMs: integer(minuteMs, 1000, hourMs, 'How long a message id is remembered, ms.'),
  memberMessagesPerSecond: integer(
    20,
    1,
    100_000,
    'Messages that one member may send a second. More are refused; who goes on for ten times as many is let go.',
  ),
  roomMessagesPerSecond: integer(500, 1, 1_000_000, 'Messages a second to all members of one service.'),
  danmuPerSecond: integer(
    0,
    0,
    100_000,
    'Danmu that one user (userID) may send to a service a second, from all its connections. 0: no limit. Anybody can say to be any user, unless your application checks it.',
  ),
  maxRooms: integer(10_000, 1, 1_000_000, 'Services at a time.'),
  maxMembers: integer(10_000, 1, 1_000_000, 'Members of one service.'),
  maxMessageBytes: integer(16 * kibi, 256, mebi, 'Size of one message of a service, bytes.'),
  maxDanmuLength: integer(500, 1, 10_000, 'Length of the text of a danmu, characters.'),
  queueMessages: integer(1024, 1, 100_000, 'Messages that may wait for a member that does not read them.'),
  queueBytes: integer(mebi, 4 * kibi, 64 * mebi, 'Bytes that may wait for a member that does not read them.'),
  memberTimeoutMs: integer(
    10_000,
    100,
    hourMs,
    'A member for which a message that must not be dropped has waited this long is let go, ms.',
  ),
};
