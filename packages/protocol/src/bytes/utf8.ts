// Node and browsers both have these; this package is compiled with the types of neither.
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** Malformed sequences become U+FFFD; a byte order mark is kept. */
export const utf8Decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });
export const utf8Encoder = new TextEncoder();
