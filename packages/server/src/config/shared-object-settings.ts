import { integer } from './setting-kinds.js';

const kibi = 1024;
const mebi = 1024 * kibi;

export const sharedObjectSettings = {
  maxObjects: integer(1000, 1, 1_000_000, 'Shared objects in use at a time, of one application instance.'),
  maxMembers: integer(10_000, 1, 1_000_000, 'Clients that use one shared object.'),
  maxPerClient: integer(64, 1, 10_000, 'Shared objects that one client uses.'),
  maxSlots: integer(1000, 1, 65_536, 'Slots of one shared object.'),
  maxValueBytes: integer(64 * kibi, 16, 4 * mebi, 'Size of one slot, name and value, or of one message, bytes.'),
  maxObjectBytes: integer(mebi, kibi, 8 * mebi, 'Size of all slots of one shared object, bytes.'),
  maxDeleted: integer(
    1000,
    0,
    65_536,
    'Deleted slots that a shared object remembers, so that a client that comes back is told of them alone. Where they are too many it is told everything.',
  ),
  changesPerSecond: integer(
    500,
    1,
    1_000_000,
    'Changes and messages that one client may make a second. More are refused; who goes on for ten times as many is let go.',
  ),
  queueBytes: integer(
    256 * kibi,
    4 * kibi,
    64 * mebi,
    'A client for which more than this waits to be sent, bytes, gets the newest state instead of every change.',
  ),
};
