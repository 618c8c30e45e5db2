/**
 * A file of 24 bytes, plain and compressed, what it is known by, and the answer to a challenge of the bytes 0 to 31. Made
 * with Python's hmac and zlib by the steps that librtmp's hashswf.c and handshake.h take.
 */
export const swfVector = {
  plain: '4657530a180000006d696c6c726163652073776620313642',
  zlib: '4357530a18000000789ccbcdccc9294a4c4e55282e4f53303473020034070583',
  hash: '2e7cfc69b40c79ec73570de721dbcb71de97dc756b11d52185a769237c292c8e',
  size: 24,
  answer: '010100000018000000182be4e660bfb0698b5c618da78142b50ddd7a33c8d67ba9080b69b5b3691860a1',
} as const;
