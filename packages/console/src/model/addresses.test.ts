import { describe, expect, it } from 'vitest';
import {
  httpFlvUrl,
  recordingDanmuUrl,
  recordingUrl,
  rtmpAppUrl,
  rtmpUrl,
  type ServerPlace,
  webSocketFlvUrl,
} from './addresses.js';

const local: ServerPlace = { pageUrl: new URL('http://localhost:8080/'), rtmpPort: 1935 };
const test = { app: 'live', name: 'test' };

describe('addresses of a stream', () => {
  it('leaves out the standard RTMP port', () => {
    expect(rtmpAppUrl(local, 'live')).toBe('rtmp://localhost/live');
    expect(rtmpUrl(local, test)).toBe('rtmp://localhost/live/test');
  });

  it('finds the files of recordings beside the page, with what lets it in', () => {
    const place = { pageUrl: new URL('https://tv.example/mill/'), rtmpPort: 1935, query: '?sign=x' };
    expect(recordingUrl(place, '/recordings/live/a%20b.flv')).toBe(
      'https://tv.example/mill/recordings/live/a%20b.flv?sign=x',
    );
    expect(recordingDanmuUrl(place, '/recordings/live/a%20b.flv')).toBe(
      'https://tv.example/mill/api/v1/recordings/live/a%20b.flv/danmu?sign=x',
    );
  });

  it('names any other RTMP port', () => {
    expect(rtmpUrl({ ...local, rtmpPort: 19_350 }, test)).toBe('rtmp://localhost:19350/live/test');
  });

  it('keeps the brackets of an IPv6 address', () => {
    const place = { pageUrl: new URL('http://[::1]:8080/'), rtmpPort: 1936 };
    expect(rtmpUrl(place, test)).toBe('rtmp://[::1]:1936/live/test');
    expect(webSocketFlvUrl(place, test)).toBe('ws://[::1]:8080/live/test.flv');
  });

  it('takes host, port and transport security from the page', () => {
    expect(httpFlvUrl(local, test)).toBe('http://localhost:8080/live/test.flv');
    const secure = { pageUrl: new URL('https://media.example/'), rtmpPort: 1935 };
    expect(httpFlvUrl(secure, test)).toBe('https://media.example/live/test.flv');
    expect(webSocketFlvUrl(secure, test)).toBe('wss://media.example/live/test.flv');
  });

  it('stays below the folder of the page, behind a proxy', () => {
    const place = { pageUrl: new URL('https://media.example/millrace/'), rtmpPort: 1935 };
    expect(httpFlvUrl(place, test)).toBe('https://media.example/millrace/live/test.flv');
  });

  it("passes the page's query on", () => {
    const place = { ...local, query: '?token=a%26b' };
    expect(httpFlvUrl(place, test)).toBe('http://localhost:8080/live/test.flv?token=a%26b');
    expect(webSocketFlvUrl(place, test)).toBe('ws://localhost:8080/live/test.flv?token=a%26b');
  });

  it('escapes names in HTTP addresses, part by part', () => {
    expect(httpFlvUrl(local, { app: 'live', name: 'a b/ü?#&' })).toBe(
      'http://localhost:8080/live/a%20b/%C3%BC%3F%23%26.flv',
    );
  });

  it('leaves RTMP names as they are, except for control and format characters', () => {
    expect(rtmpUrl(local, { app: 'live', name: 'a b?k=v' })).toBe('rtmp://localhost/live/a b?k=v');
    expect(rtmpUrl(local, { app: 'live', name: 'a\nrm\u202e' })).toBe('rtmp://localhost/live/a%0Arm%E2%80%AE');
  });

  it('replaces lone surrogates, which no address can carry', () => {
    expect(httpFlvUrl(local, { app: 'live', name: 'a\ud800' })).toBe('http://localhost:8080/live/a%EF%BF%BD.flv');
  });
});
