import { afterEach, describe, expect, it, vi } from 'vitest';
import { askRefusal, isRefusal, readReason } from './refusal.js';

afterEach(() => void vi.unstubAllGlobals());

function answers(body: BodyInit, status: number): void {
  vi.stubGlobal('fetch', async () => new Response(body, { status }));
}

describe('askRefusal', () => {
  it.each([401, 403])('gives the reason of %s', async (status) => {
    answers('{"error":"unauthorized","message":"The link has expired."}', status);
    expect(await askRefusal('http://host/live/a.flv')).toBe('The link has expired.');
    expect(isRefusal(status)).toBe(true);
  });

  it('has words where a proxy gives none', async () => {
    answers('<html>', 403);
    expect(await askRefusal('http://host/live/a.flv')).toBe('The server refuses it.');
  });

  it.each([200, 404, 500])('knows of no refusal for %s', async (status) => {
    answers('{"message":"x"}', status);
    expect(await askRefusal('http://host/live/a.flv')).toBeUndefined();
    expect(isRefusal(status)).toBe(false);
  });

  it('knows of none where there is no answer', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(await askRefusal('http://host/live/a.flv')).toBeUndefined();
  });

  it.each([null, undefined, 'text', [], {}, { message: 5 }, { message: '' }])('reads no reason in %j', (answer) => {
    expect(readReason(answer)).toBeUndefined();
  });
});
