import { RtmpUsageError } from '../bytes/index.js';

/** Bounds on what one AMF message may make us build. All of them are integers from 0 up. */
export interface AmfLimits {
  /** How deep objects and arrays may be nested; a lone object has depth 1, and 0 allows no objects and arrays at all. */
  readonly maxDepth: number;
  /**
   * How many values one message may hold in all: objects, arrays, their members and everything else. In AMF3 it bounds
   * the tables of references as well, and as many names may be sealed in traits; the numbers of a vector do not count.
   */
  readonly maxElements: number;
  /** How many bytes there may be to decode. Absent: no bound of its own, as the message's length has one already. */
  readonly maxBytes?: number;
  /** How many bytes of UTF-8 one string or XML document may have. Absent: 4 MiB. */
  readonly maxStringBytes?: number;
}

/**
 * Commands and metadata nest two or three levels; 64 leaves room for any application. 65,536 values cover the key frame
 * index of a film, at some 20 bytes of memory a number and at worst about 20 MiB of empty objects. A string of 4 MiB is half
 * of the longest message that a session takes by default, and takes as much as that or twice in memory.
 */
export const defaultAmfLimits = {
  maxDepth: 64,
  maxElements: 65_536,
  maxStringBytes: 4 * 1024 * 1024,
} as const satisfies AmfLimits;

/** Made once: for a short command, putting the limits together would take as long as decoding it. */
const resolvedDefaults: Required<AmfLimits> = { ...defaultAmfLimits, maxBytes: Number.MAX_SAFE_INTEGER };

/**
 * The defaults with `limits` on top.
 *
 * @throws RtmpUsageError `ERR_AMF_LIMIT` for a limit that is not an integer from 0 up.
 */
export function resolveAmfLimits(limits: Partial<AmfLimits>): Required<AmfLimits> {
  const { maxDepth, maxElements, maxBytes, maxStringBytes } = limits;
  if ((maxDepth ?? maxElements ?? maxBytes ?? maxStringBytes) === undefined) return resolvedDefaults;
  const resolved = {
    maxDepth: maxDepth ?? defaultAmfLimits.maxDepth,
    maxElements: maxElements ?? defaultAmfLimits.maxElements,
    maxBytes: maxBytes ?? Number.MAX_SAFE_INTEGER,
    maxStringBytes: maxStringBytes ?? defaultAmfLimits.maxStringBytes,
  };
  for (const [name, value] of Object.entries(resolved)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RtmpUsageError('ERR_AMF_LIMIT', `${name} must be an integer from 0 up, not ${value}`);
    }
  }
  return resolved;
}
