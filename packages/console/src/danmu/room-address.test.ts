import { describe, expect, it } from 'vitest';
import { roomAddress } from './room-address.js';

describe('roomAddress', () => {
  it('is beside the page, with its security and its query', () => {
    const place = { pageUrl: new URL('https://media.example/millrace/'), rtmpPort: 1935, query: '?token=a&b=c' };
    expect(roomAddress(place, { app: 'live/x', name: 'a b' })).toEqual({
      url: {
        ...{ scheme: 'wss', host: 'media.example', port: 443, app: 'live/x?token=a&b=c', streamName: undefined },
        tcUrl: 'wss://media.example/millrace/rtmp/live/x?token=a&b=c',
        ...{ connectArgs: [], webSocketUrl: 'wss://media.example/millrace/rtmp' },
      },
      serviceName: 'a b?token=a&b=c',
    });
  });

  it('names the port where the page has one', () => {
    const { url } = roomAddress({ pageUrl: new URL('http://[::1]:8080/'), rtmpPort: 1935 }, { app: 'live', name: 'a' });
    expect(url).toMatchObject({ scheme: 'ws', port: 8080, app: 'live', webSocketUrl: 'ws://[::1]:8080/rtmp' });
  });
});
