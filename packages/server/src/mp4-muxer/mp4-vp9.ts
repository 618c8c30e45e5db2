/*
 * The beginning of a VP9 key frame [VP9 bitstream §6.2]: VP9's configuration record does not say how large frames are.
 *
 *   +----------+-----------+--------------+------------+-------------+-----------------+--------------------+
 *   | marker 2 | profile   | show existing| frame type | show frame, | sync code       | colours, then      |
 *   | U2       | U2 or U3  | U1           | U1, 0: key | errors: U2  | 0x498342, U24   | width−1, height−1  |
 *   +----------+-----------+--------------+------------+-------------+-----------------+--------------------+
 */

const syncCode = 0x498342;
const colourSpaceRgb = 7;

/** `undefined`: it is no key frame of VP9. */
export function vp9FrameSize(frame: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  let at = 0;
  const bits = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i += 1, at += 1) value = value * 2 + (((frame[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    return value;
  };
  if (bits(2) !== 2) return undefined;
  const profile = bits(1) + 2 * bits(1);
  if (profile === 3) bits(1);
  if (bits(1) === 1 || bits(1) === 1) return undefined;
  bits(2);
  if (bits(24) !== syncCode) return undefined;
  if (profile >= 2) bits(1);
  if (bits(3) !== colourSpaceRgb) bits(profile === 1 || profile === 3 ? 4 : 1);
  else if (profile === 1 || profile === 3) bits(1);
  const size = { width: bits(16) + 1, height: bits(16) + 1 };
  return at <= frame.length * 8 ? size : undefined;
}
