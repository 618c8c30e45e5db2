const roundCount = 32;
const delta = 0x9e3779b9;

/** Encrypts two words with XTEA under a key of four. [Needham & Wheeler, "Tea extensions", 1997] */
export function xteaEncrypt(
  [first, second]: readonly [number, number],
  key: readonly [number, number, number, number],
): readonly [number, number] {
  let a = first | 0;
  let b = second | 0;
  let sum = 0;
  for (let round = 0; round < roundCount; round += 1) {
    a = (a + ((((b << 4) ^ (b >>> 5)) + b) ^ (sum + (key[sum & 3] as number)))) | 0;
    sum = (sum + delta) | 0;
    b = (b + ((((a << 4) ^ (a >>> 5)) + a) ^ (sum + (key[(sum >>> 11) & 3] as number)))) | 0;
  }
  return [a >>> 0, b >>> 0];
}
