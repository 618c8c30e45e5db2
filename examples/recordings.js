// What there is in the recordings folder: a list for a menu, and the length of each file.
//   millrace serve --app examples/recordings.js --set media.dir=./media
// Clients call demoService.getListOfAvailableFLVs(), as the demos of Flash's days do, and getStreamLength(name).
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { AmfEcmaArray, AmfObject, defineApp, FlvDemuxer, parseMetadata } from 'millrace';

/** @typedef {import('node:fs/promises').FileHandle} FileHandle */

const maxListed = 1000;
/** Metadata comes first, and with a table of key frames takes some KiB for each hour. */
const headBytes = 256 * 1024;
/** Tags to look at from the end: some encoders close with data that has no time of its own. */
const tailTags = 8;

let folder = '';

/**
 * A file below the folder. `undefined`: there is none of that name, or it is none of the client's business, which the
 * client cannot tell apart.
 * @param {unknown} name
 */
async function findFlv(name) {
  if (typeof name !== 'string') return undefined;
  const path = name.replace(/^flv:/, '').replace(/\.flv$/, '');
  if (/[\0:]/.test(path) || isAbsolute(path) || path.split(/[/\\]/).includes('..')) return undefined;
  try {
    const root = await realpath(folder);
    // Links are followed first: what they lead to must be in the folder, too.
    const file = await realpath(join(root, `${path}.flv`));
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    const stats = await stat(file);
    return stats.isFile() ? { file, size: stats.size, mtime: stats.mtime } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} name */
async function lengthOf(name) {
  const found = await findFlv(name);
  if (found === undefined) return 0;
  const file = await open(found.file);
  try {
    return await durationOf(file, found.size);
  } catch {
    // Whatever its name says, it is no FLV.
    return 0;
  } finally {
    await file.close();
  }
}

/**
 * @param {FileHandle} file
 * @param {number} position
 * @param {number} length
 */
async function read(file, position, length) {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/**
 * Seconds, as the metadata says, or from the first time to the last; 0: not known.
 * @param {FileHandle} file
 * @param {number} size
 */
async function durationOf(file, size) {
  const demuxer = new FlvDemuxer();
  demuxer.push(await read(file, 0, headBytes));
  for (let part = demuxer.next(); part !== undefined; part = demuxer.next()) {
    if (part.kind === 'header') continue;
    if (part.tagType !== 18) return Math.max(0, (await lastTime(file, size)) - part.timestamp) / 1000;
    const { handler, values } = parseMetadata(part.payload);
    const [metadata] = values;
    const isList = metadata instanceof AmfObject || metadata instanceof AmfEcmaArray;
    const duration = handler === 'onMetaData' && isList ? metadata.get('duration') : undefined;
    if (typeof duration === 'number' && duration > 0 && duration < Number.POSITIVE_INFINITY) return duration;
  }
  return (await lastTime(file, size)) / 1000;
}

/**
 * Milliseconds. From the end, where each tag is followed by its size.
 * @param {FileHandle} file
 * @param {number} size
 */
async function lastTime(file, size) {
  let end = size;
  let last = 0;
  for (let count = 0; count < tailTags; count += 1) {
    const trailer = await read(file, Math.max(0, end - 4), 4);
    const start = end - 4 - (trailer.length === 4 ? trailer.readUInt32BE() : 0);
    if (start < 13 || start > end - 4 - 11) break;
    const header = await read(file, start, 11);
    // A file that was cut off ends in something else.
    if (header.readUIntBE(1, 3) + 11 !== end - 4 - start) break;
    const isMedia = header[0] === 8 || header[0] === 9;
    if (isMedia) last = Math.max(last, ((header[7] ?? 0) << 24) | header.readUIntBE(4, 3));
    end = start;
  }
  return last;
}

export default defineApp({
  onAppStart(server) {
    folder = server.mediaDir;
  },

  procedures: {
    async 'demoService.getListOfAvailableFLVs'() {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.flv')).slice(0, maxListed);
      const files = await Promise.all(
        names.map(async (name) => {
          const found = await findFlv(name);
          return found === undefined ? [] : [[name, { name, lastModified: found.mtime, size: found.size }]];
        }),
      );
      return Object.fromEntries(files.flat());
    },

    getStreamLength: (_client, name) => lengthOf(name),
  },
});
