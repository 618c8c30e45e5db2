import { choice, flag, optionalFile, optionalListen, type Setting } from './setting-kinds.js';

const pem = 'PEM file. Relative to the folder that the server is started in.';

export const tlsSettings = {
  cert: optionalFile(
    `Your certificate, and those it builds on behind it: a ${pem} With it there is TLS: RTMPS on rtmp.listen and rtmps.listen. Read again when the file changes.`,
  ),
  key: optionalFile(`The private key of tls.cert: a ${pem} Nothing: it is in the file of tls.cert.`),
  selfSigned: flag(
    false,
    'TLS with a certificate that the server makes for itself and keeps in state.dir, where there is no tls.cert. Clients have to be told not to verify it, or which fingerprint it has.',
  ),
  clientCa: optionalFile(
    `Certificate authorities: a ${pem} If any, only clients with a certificate of theirs are let in over TLS.`,
  ),
  maxVersion: choice(
    ['TLSv1.3', 'TLSv1.2'],
    'TLSv1.3',
    'The newest version of TLS that is spoken; the oldest is TLSv1.2.',
  ),
} as const satisfies Record<string, Setting<unknown>>;

export const rtmpsSettings = {
  listen: optionalListen(
    ':1936',
    'Where RTMPS alone is served, once there is TLS (tls.cert, tls.selfSigned). rtmp.listen takes it as well.',
  ),
} as const satisfies Record<string, Setting<unknown>>;

export const httpsSettings = {
  listen: optionalListen(
    'off',
    'Where everything of http.listen is served with TLS too, by the certificate of tls.cert or tls.selfSigned.',
  ),
} as const satisfies Record<string, Setting<unknown>>;
