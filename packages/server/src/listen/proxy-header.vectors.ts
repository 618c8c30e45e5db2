import type { ProxyHeader } from './proxy-header.js';

const signature = '0d0a0d0a000d0a515549540a';

/** Version 1: the examples of HAProxy's document, and what its grammar says of others. */
export const textHeaders: readonly (readonly [header: string, result: ProxyHeader])[] = [
  ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', { length: 56, address: '255.255.255.255' }],
  [
    'PROXY TCP6 ffff:f0:ffff:f0:ffff:f0:ffff:1 2001:DB8::1 65535 1\r\n',
    { length: 63, address: 'ffff:f0:ffff:f0:ffff:f0:ffff:1' },
  ],
  ['PROXY TCP6 ::ffff:192.0.2.1 ::1 5 6\r\n', { length: 37, address: '192.0.2.1' }],
  ['PROXY UNKNOWN\r\n', { length: 15, address: undefined }],
  ['PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n', { length: 43, address: undefined }],
  ['', 'incomplete'],
  ['PRO', 'incomplete'],
  ['PROXY TCP4 192.0.2.1 ', 'incomplete'],
  ['PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n', 'invalid'],
  ['PROXY TCP4 2001:db8::1 192.0.2.2 1 2\r\n', 'invalid'],
  ['PROXY TCP6 192.0.2.1 2001:db8::1 1 2\r\n', 'invalid'],
  ['PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n', 'invalid'],
  ['PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n', 'invalid'],
  ['PROXY TCP6 fe80::1%eth0 fe80::2%eth0 1 2\r\n', 'invalid'],
  ['PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n', 'invalid'],
  [`PROXY UNKNOWN ${'x'.repeat(100)}`, 'invalid'],
  ['GET / HTTP/1.1\r\n', 'invalid'],
  ['\x03\0\0\0\0', 'invalid'],
];

/** Version 2, hex: HAProxy's document, section 2.2, byte by byte. */
export const binaryHeaders: readonly (readonly [header: string, result: ProxyHeader])[] = [
  // PROXY, TCP over IPv4.
  [`${signature}2111000ccb007107c6336401dc04078f`, { length: 28, address: '203.0.113.7' }],
  // The same with a TLV behind the addresses.
  [`${signature}21110010cb007107c6336401dc04078f04000100`, { length: 32, address: '203.0.113.7' }],
  // TCP over IPv6.
  [
    `${signature}2121002420010db8000000000000000000000001${'20010db8'.padEnd(30, '0')}02dc04078f`,
    { length: 52, address: '2001:db8::1' },
  ],
  // LOCAL: what is said of addresses does not count.
  [`${signature}2011000ccb007107c6336401dc04078f`, { length: 28, address: undefined }],
  [`${signature}20000000`, { length: 16, address: undefined }],
  // Unix sockets, unknown families.
  [`${signature}21000000`, { length: 16, address: undefined }],
  [signature.slice(0, 10), 'incomplete'],
  [signature, 'incomplete'],
  [`${signature}2111000ccb0071`, 'incomplete'],
  // Version 1 in the place of 2; a command that is not there; addresses that are not there; too long.
  [`${signature}1111000c`, 'invalid'],
  [`${signature}2211000c`, 'invalid'],
  [`${signature}21110004cb007107`, 'invalid'],
  [`${signature}2121000ccb007107c6336401dc04078f`, 'invalid'],
  [`${signature}2111ffff`, 'invalid'],
  ['0d0a0d0a000d0a515549540b', 'invalid'],
];
