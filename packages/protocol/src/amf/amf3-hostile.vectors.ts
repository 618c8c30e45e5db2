/** Input that has to be refused, and with which code: each a way to break a decoder of AMF3. */
export interface HostileAmf3 {
  readonly name: string;
  readonly hex: string;
  readonly code: string;
  readonly offset: number;
}

/** All worked out by hand from the clauses of the AMF3 specification. What the mutation tests find is added here. */
export const hostileAmf3: readonly HostileAmf3[] = [
  { name: 'marker 12', hex: '12', code: 'ERR_AMF3_UNKNOWN_MARKER', offset: 0 },
  { name: 'marker ff in an array', hex: '09 03 01 ff', code: 'ERR_AMF3_UNKNOWN_MARKER', offset: 3 },
  { name: 'integer without bytes', hex: '04', code: 'ERR_AMF3_TRUNCATED', offset: 1 },
  { name: 'integer that goes on and ends', hex: '04 ffffff', code: 'ERR_AMF3_TRUNCATED', offset: 4 },
  { name: 'half a double', hex: '05 3ff0', code: 'ERR_AMF3_TRUNCATED', offset: 1 },
  { name: 'string of 2^28 - 1 bytes', hex: '06 ffffffff 61', code: 'ERR_AMF3_TRUNCATED', offset: 5 },
  { name: 'string 0 of none', hex: '06 00', code: 'ERR_AMF3_BAD_REFERENCE', offset: 1 },
  { name: 'string 2^28 - 1', hex: '06 fffffffe', code: 'ERR_AMF3_BAD_REFERENCE', offset: 1 },
  { name: 'reference to the empty string', hex: '06 01 06 00', code: 'ERR_AMF3_BAD_REFERENCE', offset: 3 },
  { name: 'XML of 2^28 - 1 bytes', hex: '0b ffffffff 61', code: 'ERR_AMF3_TRUNCATED', offset: 5 },
  { name: 'XML document of 2^28 - 1 bytes', hex: '07 ffffffff 61', code: 'ERR_AMF3_TRUNCATED', offset: 5 },
  { name: 'half a date', hex: '08 01 00', code: 'ERR_AMF3_TRUNCATED', offset: 2 },
  { name: 'byte array of 2^28 - 1 bytes', hex: '0c ffffffff 00', code: 'ERR_AMF3_TRUNCATED', offset: 5 },
  { name: 'array of 2^28 - 1 elements', hex: '09 ffffffff 01 00', code: 'ERR_AMF3_TRUNCATED', offset: 0 },
  { name: 'array whose names do not end', hex: '09 01 03 61 03', code: 'ERR_AMF3_TRUNCATED', offset: 5 },
  { name: 'array with a name and no value', hex: '09 01 03 61', code: 'ERR_AMF3_TRUNCATED', offset: 4 },
  { name: 'object 0 of none', hex: '0a 00', code: 'ERR_AMF3_BAD_REFERENCE', offset: 0 },
  { name: 'object 2^28 - 1', hex: '0a fffffffe', code: 'ERR_AMF3_BAD_REFERENCE', offset: 0 },
  { name: 'object that comes later', hex: '09 05 01 0a 02 0a 0b 01 01', code: 'ERR_AMF3_BAD_REFERENCE', offset: 3 },
  { name: 'array referred to as an object', hex: '09 03 01 0a 00', code: 'ERR_AMF3_BAD_REFERENCE', offset: 3 },
  { name: 'object referred to as a byte array', hex: '0a 0b 01 01 0c 00', code: 'ERR_AMF3_BAD_REFERENCE', offset: 4 },
  { name: 'traits 0 of none', hex: '0a 01', code: 'ERR_AMF3_BAD_REFERENCE', offset: 0 },
  { name: 'traits 2^27 - 1', hex: '0a fffffffd', code: 'ERR_AMF3_BAD_REFERENCE', offset: 0 },
  { name: 'traits of 2^25 - 1 names', hex: '0a fffffff3 01 01', code: 'ERR_AMF3_TRUNCATED', offset: 0 },
  { name: 'sealed names and no values', hex: '0a 23 01 03 61 03 62', code: 'ERR_AMF3_TRUNCATED', offset: 7 },
  { name: 'dynamic members that do not end', hex: '0a 0b 01 03 61 03', code: 'ERR_AMF3_TRUNCATED', offset: 6 },
  { name: 'externalizable without a name', hex: '0a 07 01', code: 'ERR_AMF3_UNKNOWN_EXTERNALIZABLE', offset: 0 },
  { name: 'externalizable nobody knows', hex: '0a 07 03 58 00', code: 'ERR_AMF3_UNKNOWN_EXTERNALIZABLE', offset: 0 },
  {
    name: 'externalizable named like a part of JavaScript',
    hex: '0a 07 17 636f6e7374727563746f72',
    code: 'ERR_AMF3_UNKNOWN_EXTERNALIZABLE',
    offset: 0,
  },
  { name: 'short message without flags', hex: '0a 07 07 44534b', code: 'ERR_AMF3_TRUNCATED', offset: 6 },
  {
    name: 'short message with flags that do not end',
    hex: `0a 07 07 44534b ${'80'.repeat(50)}`,
    code: 'ERR_AMF3_BAD_INSTANCE',
    offset: 0,
  },
  { name: 'vector of int, 2^28 - 1 of them', hex: '0d ffffffff 00 00', code: 'ERR_AMF3_TRUNCATED', offset: 0 },
  { name: 'vector of uint, one byte short', hex: '0e 03 00 000000', code: 'ERR_AMF3_TRUNCATED', offset: 0 },
  { name: 'vector of Number, 2^28 - 1 of them', hex: '0f ffffffff 00 00', code: 'ERR_AMF3_TRUNCATED', offset: 0 },
  { name: 'vector of objects, 2^28 - 1 of them', hex: '10 ffffffff 00 01', code: 'ERR_AMF3_TRUNCATED', offset: 0 },
  { name: 'vector without its flag', hex: '0d 01', code: 'ERR_AMF3_TRUNCATED', offset: 2 },
  { name: 'dictionary of 2^28 - 1 entries', hex: '11 ffffffff 00 00', code: 'ERR_AMF3_TRUNCATED', offset: 0 },
  { name: 'dictionary with a key and no value', hex: '11 03 00 04 7f', code: 'ERR_AMF3_TRUNCATED', offset: 5 },
  {
    name: 'dictionary that refers to itself from its missing value',
    hex: '11 03 00 11 00',
    code: 'ERR_AMF3_TRUNCATED',
    offset: 5,
  },
  { name: 'arrays 100 deep', hex: '09 03 01'.repeat(100), code: 'ERR_AMF3_TOO_DEEP', offset: 64 * 3 },
  { name: 'dictionaries as keys 100 deep', hex: '11 03 00'.repeat(100), code: 'ERR_AMF3_TOO_DEEP', offset: 64 * 3 },
  { name: 'vectors 100 deep', hex: '10 03 00 01'.repeat(100), code: 'ERR_AMF3_TOO_DEEP', offset: 64 * 4 },
  {
    name: 'objects 100 deep, each with traits of its own',
    hex: '0a 13 01 03 61'.repeat(100),
    code: 'ERR_AMF3_TOO_DEEP',
    offset: 64 * 5,
  },
  {
    name: 'ArrayLists 100 deep',
    hex: `0a 07 37 666c65782e6d6573736167696e672e696f2e41727261794c697374 ${'0a 01'.repeat(100)}`,
    code: 'ERR_AMF3_TOO_DEEP',
    offset: 30 + 63 * 2,
  },
  { name: '65,537 values', hex: '00'.repeat(65_537), code: 'ERR_AMF3_TOO_MANY_ELEMENTS', offset: 65_536 },
  {
    name: 'array of 70,000',
    hex: `09 88c561 01 ${'00'.repeat(70_000)}`,
    code: 'ERR_AMF3_TOO_MANY_ELEMENTS',
    offset: 0,
  },
  {
    name: 'traits of 70,000 names',
    hex: `0a c4ae03 01 ${'01'.repeat(70_000)}`,
    code: 'ERR_AMF3_TOO_MANY_ELEMENTS',
    offset: 0,
  },
];
