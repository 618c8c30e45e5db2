import type { HandshakeCrypto } from '@millrace/protocol';
import { platform } from '#platform';

/** The cryptography of Node or the browser, as sessions take it. In browsers it has what the simple handshake needs. */
export const handshakeCrypto: HandshakeCrypto = platform.crypto;
