// No more than so many viewers for each stream, and for each address. Who is too many is refused with a reason.
//   MAX_VIEWERS=100 MAX_PER_ADDRESS=3 millrace serve --app examples/viewer-limits.js
// Over RTMP, HTTP-FLV and WebSocket-FLV alike.
import { defineApp, reject } from 'millrace';

const maxViewers = Number(process.env.MAX_VIEWERS ?? 100);
const maxPerAddress = Number(process.env.MAX_PER_ADDRESS ?? 3);

/** @type {Map<string, number>} Viewers by stream and by address. */
const counts = new Map();

/**
 * @param {string} key
 * @param {number} change
 */
function count(key, change) {
  const left = (counts.get(key) ?? 0) + change;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}

/**
 * @param {import('millrace').AppClient} client
 * @param {import('millrace').AppStream} stream
 */
function keysOf(client, stream) {
  return { stream: `stream ${client.app}/${stream.name}`, address: `address ${client.address}` };
}

export default defineApp({
  onPlay(client, stream) {
    const { stream: ofStream, address } = keysOf(client, stream);
    if ((counts.get(ofStream) ?? 0) >= maxViewers) throw reject('Too many viewers; try again later.');
    if ((counts.get(address) ?? 0) >= maxPerAddress) throw reject('Too many streams for one address.');
    count(ofStream, 1);
    count(address, 1);
  },

  // Comes once for every onPlay that did not throw, so that the counts are right at any time.
  onStop(client, stream) {
    const { stream: ofStream, address } = keysOf(client, stream);
    count(ofStream, -1);
    count(address, -1);
  },
});
