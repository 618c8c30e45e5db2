const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 with padding. Node and browsers have it under different names, and this package is compiled for neither. */
export function base64(bytes: Uint8Array): string {
  // As bytes of ASCII first: concatenated text would take many times its length.
  const codes = new Uint16Array(4 * Math.ceil(bytes.length / 3)).fill(0x3d);
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    const first = bytes[i] ?? 0;
    const second = bytes[i + 1];
    const third = bytes[i + 2];
    codes[at] = alphabet.charCodeAt(first >> 2);
    codes[at + 1] = alphabet.charCodeAt(((first & 3) << 4) | ((second ?? 0) >> 4));
    if (second !== undefined) codes[at + 2] = alphabet.charCodeAt(((second & 15) << 2) | ((third ?? 0) >> 6));
    if (third !== undefined) codes[at + 3] = alphabet.charCodeAt(third & 63);
  }
  const pieces: string[] = [];
  for (let i = 0; i < codes.length; i += 8192) pieces.push(String.fromCharCode(...codes.subarray(i, i + 8192)));
  return pieces.join('');
}
