// Only who has the key may publish; everybody may watch. The key is a part of the query, which players never see.
//   STREAM_KEYS="studio=k3y,stage=0ther" millrace serve --app examples/stream-keys.js
// Publish to rtmp://HOST/live/studio?key=k3y (in OBS: server rtmp://HOST/live, stream key studio?key=k3y), watch
// rtmp://HOST/live/studio.
import { createHash, timingSafeEqual } from 'node:crypto';
import { defineApp, reject } from 'millrace';

/** @type {ReadonlyMap<string, string>} By stream name. */
const keys = new Map(
  (process.env.STREAM_KEYS ?? '')
    .split(',')
    .filter((entry) => entry.includes('='))
    .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
);

/** @param {string} text */
function digest(text) {
  return createHash('sha256').update(text).digest();
}

/**
 * Takes as long for a wrong key as for the right one.
 * @param {string} one
 * @param {string} other
 */
function areEqual(one, other) {
  return timingSafeEqual(digest(one), digest(other));
}

export default defineApp({
  onPublish(_client, stream) {
    const expected = keys.get(stream.name);
    // The same words for a wrong key and an unknown name: nobody learns which names there are.
    if (expected === undefined || !areEqual(stream.query.get('key') ?? '', expected)) {
      throw reject('The stream key is wrong.', 'NetStream.Publish.Denied');
    }
  },
});
