import { describe, expect, it } from 'vitest';
import { type ServerFigures, ServerMetrics } from './server-metrics.js';

const nothing: ServerFigures = {
  streamCount: 0,
  streams: [],
  publications: 0,
  players: { rtmp: 0 },
  bytesIn: 0,
  bytesOut: 0,
  jumps: 0,
  skippedMessages: 0,
  connections: 0,
  refusedConnections: { rtmp: 0 },
  refusals: { publish: 0 },
  recordings: { players: { download: 0 }, httpBytesOut: 0, rtmpBytesOut: 8 },
  services: { rooms: 0, members: 0, messages: 0, dropped: 0, duplicates: 0, refused: 0 },
};

async function lines(metrics: ServerMetrics): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('millrace'));
}

describe('ServerMetrics', () => {
  it('tells the figures of the moment, sums as they are', async () => {
    let figures = nothing;
    const metrics = new ServerMetrics('1.2.3', () => figures);
    figures = { ...nothing, publications: 3, players: { rtmp: 2 }, refusals: { publish: 7 }, streamCount: 1 };
    await metrics.text();
    figures = { ...figures, players: { rtmp: 1 }, services: { ...nothing.services, members: 4, dropped: 5 } };
    expect(await lines(metrics)).toEqual(
      expect.arrayContaining([
        `millrace_build_info{version="1.2.3",node="${process.version}"} 1`,
        'millrace_streams 1',
        'millrace_publications_total 3',
        'millrace_players{transport="rtmp"} 1',
        'millrace_refusals_total{action="publish"} 7',
        'millrace_recording_players{transport="download"} 0',
        'millrace_recording_rtmp_sent_bytes_total 8',
        'millrace_service_members 4',
        'millrace_service_dropped_messages_total 5',
      ]),
    );
  });

  it('keeps what publishers call their streams in its place, and forgets streams that are gone', async () => {
    const stream = { app: 'live', players: 1, latencyMs: new Map([['sei', 40]]), playerLatencyMs: undefined };
    let streams = [{ ...stream, name: 'a"} 1\nmillrace_streams 99 \\' }];
    const metrics = new ServerMetrics('0', () => ({ ...nothing, streams }));
    const text = await lines(metrics);
    expect(text).toContain(
      String.raw`millrace_stream_latency_seconds{app="live",name="a\"} 1\nmillrace_streams 99 \\",method="sei"} 0.04`,
    );
    expect(text).toContain('millrace_streams 0');
    expect(text.some((line) => line.startsWith('millrace_stream_player_latency_seconds{'))).toBe(false);
    streams = [];
    expect((await lines(metrics)).some((line) => line.includes('app="live"'))).toBe(false);
  });

  it('of two servers in one process each has its own', async () => {
    const one = new ServerMetrics('0', () => ({ ...nothing, publications: 1 }));
    const two = new ServerMetrics('0', () => ({ ...nothing, publications: 2 }));
    const [first, second] = await Promise.all([lines(one), lines(two)]);
    expect(first).toContain('millrace_publications_total 1');
    expect(second).toContain('millrace_publications_total 2');
  });
});
