/*
 * AC-3 and E-AC-3 say in every frame what they are; MP4 wants it in a box beforehand [ETSI TS 102 366 annex F].
 *
 *   dac3: fscod U2, bsid U5, bsmod U3, acmod U3, lfeon U1, bit_rate_code U5, reserved U5
 *   dec3: data_rate U13, num_ind_sub U3, fscod U2, bsid U5, reserved U1, asvc U1, bsmod U3, acmod U3, lfeon U1,
 *         reserved U3, num_dep_sub U4, reserved U1
 */
import { box } from './mp4-write-box.js';

const blocksOf = [1, 2, 3, 6] as const;

/** `undefined`: it is no frame of AC-3. */
export function ac3Box(frame: Uint8Array): Buffer | undefined {
  const [sync1, sync2, , , rates, ids, modes, more] = frame;
  if (sync1 !== 0x0b || sync2 !== 0x77 || rates === undefined || ids === undefined || modes === undefined)
    return undefined;
  const acmod = modes >> 5;
  const hasCentreLevel = (acmod & 1) !== 0 && acmod !== 1;
  const skipped = (hasCentreLevel ? 2 : 0) + ((acmod & 4) !== 0 ? 2 : 0) + (acmod === 2 ? 2 : 0);
  const lfeon = (((modes << 8) | (more ?? 0)) >> (12 - skipped)) & 1;
  const bits = packed([
    [rates >> 6, 2],
    [ids >> 3, 5],
    [ids & 7, 3],
    [acmod, 3],
    [lfeon, 1],
    [(rates & 0x3f) >> 1, 5],
    [0, 5],
  ]);
  return box('dac3', bits);
}

/** One independent substream, as encoders send it. `undefined`: it is no frame of E-AC-3. */
export function eac3Box(frame: Uint8Array, sampleRate: number): Buffer | undefined {
  const [sync1, sync2, sizeHigh, sizeLow, modes, ids] = frame;
  if (sync1 !== 0x0b || sync2 !== 0x77 || modes === undefined || ids === undefined) return undefined;
  const fscod = modes >> 6;
  const blocks = fscod === 3 ? 6 : (blocksOf[(modes >> 4) & 3] ?? 6);
  const frameBytes = ((((sizeHigh ?? 0) & 7) << 8) | (sizeLow ?? 0)) * 2 + 2;
  const kbps = Math.round((frameBytes * 8 * sampleRate) / (blocks * 256) / 1000);
  const bits = packed([
    [Math.min(0x1fff, kbps), 13],
    [0, 3],
    [fscod, 2],
    [ids >> 3, 5],
    [0, 5],
    [(modes >> 1) & 7, 3],
    [modes & 1, 1],
    [0, 8],
  ]);
  return box('dec3', bits);
}

/** Values and how many bits each has. */
function packed(fields: readonly (readonly [number, number])[]): Buffer {
  const text = fields.map(([value, bits]) => value.toString(2).padStart(bits, '0')).join('');
  return Buffer.from((text.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
