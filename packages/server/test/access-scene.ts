import {
  type ClientInfo,
  createGuards,
  type Denial,
  type Guard,
  type RequestedPublication,
} from '../src/access/index.js';
import { loadConfig } from '../src/config/index.js';

/** Guards made of settings such as `urlFor=play`, asked as the server does, and their clock. */
export class AccessScene {
  /** 2026-01-01T00:00:00Z. */
  nowMs = 1_767_225_600_000;
  readonly guards: readonly Guard[];

  constructor(...set: readonly string[]) {
    const config = loadConfig({ set: set.map((key) => `access.${key}`) });
    this.guards = createGuards(config, { nowMs: () => this.nowMs });
  }

  get nowSeconds(): number {
    return Math.floor(this.nowMs / 1000);
  }

  async connect(client: ClientInfo): Promise<Denial | undefined> {
    for (const guard of this.guards) {
      const denied = await guard.connect?.(client);
      if (denied !== undefined) return denied;
    }
    return undefined;
  }

  /** The name that it is published by, or why it is not. */
  async publish(client: ClientInfo, written: string): Promise<string | Denial> {
    let stream: RequestedPublication = { ...requested(written), type: 'live' };
    for (const guard of this.guards) stream = guard.resolvePublication?.(client, stream) ?? stream;
    for (const guard of this.guards) {
      const denied = await guard.publish?.(client, stream);
      if (denied !== undefined) return denied;
    }
    return stream.name;
  }

  /** The name, or why it is not played. */
  async play(client: ClientInfo, written: string): Promise<string | Denial> {
    const stream = requested(written);
    for (const guard of this.guards) {
      const denied = await guard.play?.(client, stream);
      if (denied !== undefined) return denied;
    }
    return stream.name;
  }
}

/** What connected to `live?token=1`. */
export function clientAt(app: string, members: Partial<ClientInfo> = {}): ClientInfo {
  const [name = '', query = ''] = app.split(/\?(.*)/s);
  return {
    id: '1',
    transport: 'rtmp',
    address: '203.0.113.7',
    tls: false,
    app: name,
    tcUrl: `rtmp://host/${app}`,
    query: new URLSearchParams(query),
    pageUrl: '',
    swfUrl: '',
    flashVer: 'LNX 9,0,124,2',
    bearerToken: undefined,
    ...members,
  };
}

function requested(written: string): { readonly name: string; readonly query: URLSearchParams } {
  const [name = '', query = ''] = written.split(/\?(.*)/s);
  return { name, query: new URLSearchParams(query) };
}
