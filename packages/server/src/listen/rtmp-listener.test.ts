import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { connectionContext } from '../../test/connection-context.js';
import { loadConfig } from '../config/index.js';
import { handshakeCrypto } from '../connection/index.js';
import { type Logger, silentLogger } from '../log/index.js';
import { Reception, RtmpConnections, RtmpListener } from './index.js';

it('ends only the connection that meets a fault of the server, and says so', async () => {
  const config = loadConfig({ set: ['rtmp.listen=127.0.0.1:0'] });
  const now = (): number => performance.now();
  const errors: unknown[] = [];
  const log: Logger = { ...silentLogger, error: (fields) => errors.push(fields), child: () => log };
  const fault = new TypeError('a bug');
  const crypto = {
    ...handshakeCrypto,
    // Only the digest handshake comes here.
    hmacSha256: () => {
      throw fault;
    },
  };
  const context = { ...connectionContext(config, now), crypto };
  const connections = new RtmpConnections(context, log);
  const reception = new Reception({ connections, config, crypto, now, log, certificates: undefined });
  const listener = new RtmpListener(reception, 'any', log);
  const { port } = await listener.listen(config.rtmp.listen);
  const c1 = Buffer.alloc(1537, 1);
  c1[0] = 3;

  const faulty = connect({ host: '127.0.0.1', port });
  faulty.on('error', () => undefined);
  faulty.resume();
  faulty.write(c1);
  await once(faulty, 'close');
  expect(errors).toEqual([{ err: fault }]);

  const other = connect({ host: '127.0.0.1', port });
  c1.fill(0, 5, 9);
  other.write(c1);
  const [answer] = await once(other, 'data');
  expect(answer[0]).toBe(3);
  other.destroy();
  await Promise.all([listener.close(), connections.close(0)]);
  context.streams.close();
});
