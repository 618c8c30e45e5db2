import { describe, expect, it } from 'vitest';
import { parseRtmpUrl } from './rtmp-url.js';

describe('parseRtmpUrl', () => {
  it.each([
    ['rtmp://host/live/test', { host: 'host', port: 1935, app: 'live', streamName: 'test', tcUrl: 'rtmp://host/live' }],
    ['rtmp://host/live', { app: 'live', streamName: undefined, tcUrl: 'rtmp://host/live' }],
    ['rtmp://host/live/', { app: 'live', streamName: undefined, tcUrl: 'rtmp://host/live' }],
    ['rtmp://host', { app: '', streamName: undefined, tcUrl: 'rtmp://host/' }],
    ['RTMP://host:1936/live/a/b', { port: 1936, app: 'live', streamName: 'a/b', tcUrl: 'rtmp://host:1936/live' }],
    ['rtmp://host:/live/test', { port: 1935, tcUrl: 'rtmp://host/live' }],
    ['rtmpe://host/live/test', { scheme: 'rtmpe', port: 1935, tcUrl: 'rtmpe://host/live' }],
    ['rtmps://host/live/test', { scheme: 'rtmps', port: 443, tcUrl: 'rtmps://host/live' }],
    ['rtmpt://host/live/test', { scheme: 'rtmpt', port: 80, tcUrl: 'rtmpt://host/live' }],
    ['RTMPTE://host:1935/live', { scheme: 'rtmpte', port: 1935, tcUrl: 'rtmpte://host:1935/live' }],
    ['rtmpte://host/live', { port: 80, tcUrl: 'rtmpte://host/live' }],
    ['rtmpts://host/live/test', { scheme: 'rtmpts', port: 443, tcUrl: 'rtmpts://host/live' }],
    ['rtmp://127.0.0.1:19350/live/k', { host: '127.0.0.1', port: 19350 }],
    // The query belongs to the stream where there is one (stream keys), to the app otherwise.
    ['rtmp://host/live/test?key=a/b&x=1', { app: 'live', streamName: 'test?key=a/b&x=1', tcUrl: 'rtmp://host/live' }],
    ['rtmp://host/live?token=1', { app: 'live?token=1', streamName: undefined, tcUrl: 'rtmp://host/live?token=1' }],
    ['rtmp://host/live/mp4:film.mp4', { streamName: 'mp4:film.mp4' }],
    ['rtmp://host/live/a%20b/../c', { streamName: 'a%20b/../c' }],
  ])('%s', (url, expected) => {
    expect(parseRtmpUrl(url)).toMatchObject(expected);
  });

  // The examples of RTMP URIs §7.
  it.each([
    [
      'rtmp://server.example/three/segment/path#BigBuckBunny',
      { app: 'three/segment/path', streamName: 'BigBuckBunny', tcUrl: 'rtmp://server.example/three/segment/path' },
    ],
    [
      'rtmp://[2001:db8:1::2]:19350/something?else',
      {
        host: '2001:db8:1::2',
        port: 19350,
        app: 'something?else',
        tcUrl: 'rtmp://[2001:db8:1::2]:19350/something?else',
      },
    ],
    [
      'rtmps://server.example/something?else#CosmosLaundromat?aFlag',
      { app: 'something?else', streamName: 'CosmosLaundromat?aFlag' },
    ],
    ['rtmps://arg1:arg2::arg4@server.example:1943', { connectArgs: ['arg1', 'arg2', '', 'arg4'], port: 1943, app: '' }],
    [
      'rtmps://name=Mike;pri=5;exi=3600:7c412a7b6e@server.example/path#Caves',
      {
        connectArgs: ['name=Mike;pri=5;exi=3600', '7c412a7b6e'],
        streamName: 'Caves',
        tcUrl: 'rtmps://server.example/path',
      },
    ],
    ['rtmp://arg%3Aone:b@h/app#BigBuck%42unny', { connectArgs: ['arg:one', 'b'], streamName: 'BigBuckBunny' }],
  ])('%s', (url, expected) => {
    expect(parseRtmpUrl(url)).toMatchObject(expected);
  });

  it.each([
    [
      'ws://host:8080/rtmp/live/test?key=1',
      {
        scheme: 'ws',
        port: 8080,
        app: 'live',
        streamName: 'test?key=1',
        tcUrl: 'ws://host:8080/rtmp/live',
        webSocketUrl: 'ws://host:8080/rtmp',
      },
    ],
    ['wss://host/rtmp/live?token=1', { port: 443, app: 'live?token=1', webSocketUrl: 'wss://host/rtmp' }],
    ['ws://user:key@host/rtmp', { port: 80, app: '', connectArgs: ['user', 'key'], webSocketUrl: 'ws://host/rtmp' }],
    // Behind a proxy that gives the server a folder.
    ['ws://[::1]/a/rtmp/rtmp/b', { host: '::1', app: 'rtmp', streamName: 'b', webSocketUrl: 'ws://[::1]/a/rtmp' }],
  ])('%s', (url, expected) => {
    expect(parseRtmpUrl(url)).toMatchObject(expected);
  });

  it.each(['ws://host/live/test', 'ws://host', 'wss://host/rtmpx/live'])('%s names no endpoint', (url) => {
    expect(() => parseRtmpUrl(url)).toThrow(/no segment rtmp/);
  });

  it('has a WebSocket URL only for WebSockets', () => {
    expect(parseRtmpUrl('rtmp://host/rtmp/test')).not.toHaveProperty('webSocketUrl');
  });

  it('takes several segments for the app when told', () => {
    expect(parseRtmpUrl('rtmp://host/live/instance/test?k=1', { appSegments: 2 })).toMatchObject({
      app: 'live/instance',
      streamName: 'test?k=1',
      tcUrl: 'rtmp://host/live/instance',
    });
    expect(parseRtmpUrl('rtmp://host/live/', { appSegments: 2 })).toMatchObject({ app: 'live', streamName: undefined });
  });

  it.each([
    ['http://host/live'],
    ['rtmp:/host/live'],
    ['rtmp:///live'],
    ['rtmp://host:0/live'],
    ['rtmp://host:65536/live'],
    ['rtmp://2001:db8::1/live'],
    ['rtmp://[::1/live'],
    ['live/test'],
    [''],
  ])('refuses %s', (url) => {
    expect(() => parseRtmpUrl(url)).toThrow(expect.objectContaining({ code: 'ERR_RTMP_URL_INVALID' }));
  });

  it('keeps passwords out of its error', () => {
    expect(() => parseRtmpUrl('rtmp://user:secret@host:99999/live')).toThrow(/^(?!.*secret)/);
  });
});
