import { type AppClient, defineApp, reject } from 'millrace';
import { describeRoom, type Room } from './rooms.ts';

// Served by cli.test.ts as it is here, and type-checked like every test: no parameter of a handler has a type of its own.

const rooms = new Map<string, Room>();

export default defineApp({
  async onConnect(client) {
    const key: string | null = client.query.get('key');
    if (key === 'wrong') throw reject('The key is wrong.');
    rooms.set(client.app, { members: [client.id] });
  },
  onPublish(client, stream) {
    const kind: 'live' | 'record' | 'append' | 'appendWithGap' = stream.type;
    if (kind !== 'live') throw reject(`${client.address} may not record ${stream.name}.`);
  },
  onPlay(_client, stream) {
    // @ts-expect-error: only what is published has a type.
    void stream.type;
  },
  onData(_client, _stream, data) {
    const { name, timestamp }: { name: string; timestamp: number } = data;
    if (name === 'onMetaData' && timestamp < 0) throw reject('no');
  },
  procedures: {
    room: (client: AppClient) => describeRoom(rooms.get(client.app)),
    double(_client, value) {
      // @ts-expect-error: a client may send anything.
      const unchecked: number = value;
      return typeof value === 'number' ? 2 * value : unchecked;
    },
  },
});

// @ts-expect-error: there is no such handler.
export const misspelt = (): unknown => defineApp({ onPublihs() {} });
// @ts-expect-error: AMF cannot carry a function.
export const unsendable = (): unknown => defineApp({ procedures: { now: () => () => 1 } });
