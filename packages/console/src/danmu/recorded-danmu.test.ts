import { describe, expect, it, vi } from 'vitest';
import { RecordedDanmu } from './recorded-danmu.js';

const line = (seconds: number, content = `at ${seconds}`, danmuType = 0): string =>
  JSON.stringify({ mediaTimeMs: seconds * 1000, content: { userID: 'u', danmuType, content } });

/** A server that has these lines. */
class Scene {
  readonly told: string[] = [];
  readonly asked: string[] = [];
  readonly danmu: RecordedDanmu;
  isDown = false;

  constructor(times: readonly number[]) {
    const fetcher = async (input: string | URL | Request): Promise<Response> => {
      const { search, searchParams } = new URL(String(input));
      this.asked.push(search);
      if (this.isDown) return new Response('', { status: 503 });
      const [start, end] = [Number(searchParams.get('start') ?? 0), Number(searchParams.get('end') ?? 1e9)];
      const found = times.filter((time) => time >= start && time < end).slice(0, Number(searchParams.get('limit')));
      return new Response(found.map((time) => `${line(time)}\n`).join(''));
    };
    this.danmu = new RecordedDanmu(
      {
        onFound: () => this.told.push('found'),
        onLine: ({ said }) => this.told.push(said),
        onJump: () => this.told.push('jump'),
      },
      fetcher,
    );
  }

  async play(fromSeconds: number, toSeconds: number): Promise<void> {
    for (let at = fromSeconds; at <= toSeconds; at += 0.25) {
      this.danmu.played(at);
      await new Promise(setImmediate);
    }
  }
}

describe('RecordedDanmu', () => {
  it('tells each line when its time comes, a minute at a time', async () => {
    const scene = new Scene([0.1, 1, 30, 59.9, 60, 119, 300]);
    scene.danmu.choose('http://a/danmu?key=x');
    await scene.play(0.25, 130);
    expect(scene.told.filter((word) => word !== 'found')).toEqual([
      ...['jump', 'at 0.1', 'at 1', 'at 30', 'at 59.9', 'at 60', 'at 119'],
    ]);
    expect(scene.told.filter((word) => word === 'found')).toHaveLength(1);
    expect(scene.asked).toEqual([
      ...['?key=x&limit=1', '?key=x&limit=1000&start=0&end=60'],
      ...['?key=x&limit=1000&start=60&end=120', '?key=x&limit=1000&start=120&end=180'],
    ]);
  });

  it('goes on where the player is sent', async () => {
    const scene = new Scene([10, 20, 100, 101]);
    scene.danmu.choose('http://a/danmu');
    await scene.play(9, 12);
    await scene.play(99.5, 102);
    await scene.play(9.5, 11);
    const told = ['jump', 'at 10', 'jump', 'at 100', 'at 101', 'jump', 'at 10'];
    expect(scene.told.filter((word) => word !== 'found')).toEqual(told);
  });

  it('loses nothing where more is said than one answer holds', async () => {
    const times = Array.from({ length: 2500 }, (_, i) => i / 100);
    const scene = new Scene(times);
    scene.danmu.choose('http://a/danmu');
    await scene.play(0, 30);
    expect(scene.told.filter((word) => word.startsWith('at'))).toEqual(times.map((time) => `at ${time}`));
  });

  it('asks again for the end of what is still being recorded', async () => {
    const times = [1, 2];
    const scene = new Scene(times);
    scene.danmu.choose('http://a/danmu', true);
    await scene.play(0, 3);
    times.push(4);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 6000);
    await scene.play(3.25, 5);
    expect(scene.told.filter((word) => word.startsWith('at'))).toEqual(['at 1', 'at 2', 'at 4']);
    expect(scene.asked.slice(1)).toEqual([...['?limit=1000&start=0&end=60', '?limit=1000&start=2.001&end=62.001']]);
    vi.restoreAllMocks();
  });

  it('is silent about a server that does not answer, and about what is no line', async () => {
    const scene = new Scene([1]);
    scene.isDown = true;
    scene.danmu.choose('http://a/danmu');
    await scene.play(0, 5);
    expect(scene.told).toEqual(['jump']);
    expect(scene.asked).toHaveLength(2);
    scene.danmu.choose(undefined);
    await scene.play(0, 5);
    expect(scene.asked).toHaveLength(2);
  });
});
