import type { SignedGrant } from './index.js';

/** Hand-built: `printf 'play\n/live/test\n1767225600\n' | openssl dgst -sha256 -hmac SECRET -binary | basenc --base64url`. */
export const signatureVectors: readonly { secret: string; grant: SignedGrant; sign: string }[] = [
  {
    secret: '0123456789abcdef',
    grant: { action: 'play', path: '/live/test', expires: '1767225600', ip: '' },
    sign: 'HGs2eZjExAv-VxbscoLR6IDDqZIc0_qq8vYeinBtAHE',
  },
  {
    secret: '0123456789abcdef',
    grant: { action: 'publish', path: '/live/test', expires: '1767225600', ip: '' },
    sign: 'YBpNC0JIA2Ygpplv3KeG-R6Fd1W5exW7AZj8Vhz3fD8',
  },
  {
    secret: '0123456789abcdef',
    grant: { action: 'play', path: '/live/test', expires: '1767225600', ip: '203.0.113.7' },
    sign: 'PU1oMAKMmMCPXbtAoLs-Daz079uxZApAXQ42lRKaLbo',
  },
  {
    secret: 'sécret of some length',
    grant: { action: 'play', path: '/live/Straße/ü', expires: '1', ip: '2001:db8::7' },
    sign: 'Wsgfg9Zby1udjb--MlNT88Pwr5xi_8YadH-HVyILCJA',
  },
];

/** Hand-built, as the formula in adobe-authentication.ts says, with Python's hashlib and base64. */
export const adobeVectors = [
  {
    user: 'alice',
    salt: 'c2FsdA',
    password: 'secret',
    opaque: 'b3BhcXVl',
    clientChallenge: '0badcafe',
    response: 'gTFDx5QM4mIND6g2XoTkBg==',
  },
  {
    user: 'obs.user',
    salt: '_-aZ09__',
    password: 'pä:ss w0rd+/',
    opaque: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    clientChallenge: 'q83vAA==',
    response: 'WBjgucNNb0uWkV59Kx5E6Q==',
  },
] as const;
