/** [key, plain text, cipher text], hex. RFC 6229 §2, the first bytes and those at 4096 of the keystream. */
export const rc4Keystreams = [
  { key: '0102030405', at: 0, bytes: 'b2396305f03dc027ccc3524a0a1118a8' },
  { key: '0102030405', at: 4096, bytes: 'ff25b58995996707e51fbdf08b34d875' },
  { key: '0102030405060708090a0b0c0d0e0f10', at: 0, bytes: '9ac7cc9a609d1ef7b2932899cde41b97' },
  { key: '0102030405060708090a0b0c0d0e0f10', at: 4096, bytes: 'a36a4c301ae8ac13610ccbc12256cacc' },
];

/** [key, plain text, cipher text], hex, words big-endian. The vectors that Crypto++ and Bouncy Castle are tested with. */
export const xteaBlocks = [
  ['000102030405060708090a0b0c0d0e0f', '4142434445464748', '497df3d072612cb5'],
  ['000102030405060708090a0b0c0d0e0f', '4141414141414141', 'e78f2d13744341d8'],
  ['00000000000000000000000000000000', '4142434445464748', 'a0390589f8b8efa5'],
] as const;

/** [key, plain text, cipher text], hex. Eric Young's vectors, which Schneier's page on Blowfish gives. */
export const blowfishBlocks = [
  ['0000000000000000', '0000000000000000', '4ef997456198dd78'],
  ['ffffffffffffffff', 'ffffffffffffffff', '51866fd5b85ecb8a'],
  ['0123456789abcdef', '1111111111111111', '61f9c3802281b096'],
  ['f0e1d2c3b4a5968778695a4b3c2d1e0f0011223344556677', 'fedcba9876543210', '05044b62fa52d080'],
] as const;

/**
 * What librtmp 2.4 makes of the signature 3, 10, 17, … made with the key 200, 229, 2, … (7 and 29 apart, modulo 256): run
 * once, both functions.
 */
export const hiddenSignatures = [
  [8, '8502090a055c57600c1ba87883de23886126ff1bdbe6a48de723566e867e426e'],
  [9, '93d36336415d88b5e4a22236a886c8a53269562532ef618cdf8b286050917955'],
] as const;
